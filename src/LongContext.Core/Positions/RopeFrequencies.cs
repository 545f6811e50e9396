namespace LongContext.Positions;

/// <summary>The rotation speeds of a model's position embedding at one sequence length. Immutable.</summary>
public sealed class RopeFrequencies
{
    private readonly double[] _inverseFrequencies;

    /// <summary>Takes the array over; nobody else may hold on to it.</summary>
    internal RopeFrequencies(double[] inverseFrequencies, double attentionFactor = 1)
    {
        _inverseFrequencies = inverseFrequencies;
        AttentionFactor = attentionFactor;
    }

    /// <summary>Radians per position of each rotated pair: <see cref="RopeParameters.RotaryDimension"/> / 2 values.</summary>
    public ReadOnlySpan<double> InverseFrequencies => _inverseFrequencies;

    /// <summary>What cos and sin are multiplied by: 1 except for scalings that correct the attention's temperature.</summary>
    public double AttentionFactor { get; }

    /// <summary>The plain frequencies θ^(−2i/d), i = 0 … d/2 − 1, each divided by <paramref name="divisor"/>.</summary>
    internal static RopeFrequencies Geometric(double theta, int rotaryDimension, double divisor = 1)
    {
        double[] inverse = new double[rotaryDimension / 2];
        Geometric(theta, rotaryDimension, inverse, divisor);
        return new RopeFrequencies(inverse);
    }

    /// <summary>The same into memory of the caller's.</summary>
    internal static void Geometric(double theta, int rotaryDimension, Span<double> inverse, double divisor = 1)
    {
        for (int pair = 0; pair < inverse.Length; pair++) inverse[pair] = 1 / Math.Pow(theta, 2.0 * pair / rotaryDimension) / divisor;
    }
}
