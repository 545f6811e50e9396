using System.Globalization;
using System.Numerics;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Rounding as the official scripts do it, where a published figure's last digit depends on it. Python and numpy differ: 2.675 is 2.67 for
/// the one and 2.68 for the other.
/// </summary>
public static class PythonRounding
{
    private const int MantissaBits = 52, ExponentBias = 1075, MostDigits = 15;

    /// <summary>Python's <c>round(value, digits)</c>: the exact binary value, to the nearest, ties to the even digit.</summary>
    /// <param name="value">The number; one that is not finite stays.</param>
    /// <param name="digits">Digits after the point, 0 to 15.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="digits"/> is outside 0 to 15.</exception>
    public static double Round(double value, int digits)
    {
        CheckDigits(digits);
        long bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> MantissaBits);
        long mantissa = bits & ((1L << MantissaBits) - 1);
        // A number without a fraction, or none at all.
        if (exponent >= ExponentBias) return value;
        // Numbers below the smallest normal one have no leading 1, and the exponent of it.
        if (exponent > 0) mantissa |= 1L << MantissaBits;
        int fractionBits = ExponentBias - Math.Max(exponent, 1);
        BigInteger scaled = mantissa * BigInteger.Pow(10, digits), half = BigInteger.One << (fractionBits - 1);
        BigInteger rounded = scaled >> fractionBits, rest = scaled - (rounded << fractionBits);
        if (rest > half || (rest == half && !rounded.IsEven)) rounded++;
        double result = double.Parse($"{rounded}E-{digits}", NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.CopySign(result, value);
    }

    /// <summary>numpy's <c>round(value, digits)</c> of a float64: times 10^digits, to the nearest integer with ties to even, divided again.</summary>
    /// <param name="value">The number; NaN stays.</param>
    /// <param name="digits">Digits after the point, 0 to 15.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="digits"/> is outside 0 to 15.</exception>
    public static double RoundAsNumpy(double value, int digits)
    {
        CheckDigits(digits);
        double scale = double.Parse($"1E{digits}", NumberStyles.Float, CultureInfo.InvariantCulture);
        return Math.Round(value * scale, MidpointRounding.ToEven) / scale;
    }

    private static void CheckDigits(int digits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(digits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digits, MostDigits);
    }
}
