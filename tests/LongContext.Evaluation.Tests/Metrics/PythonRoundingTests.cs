using System.Globalization;

namespace LongContext.Evaluation.Metrics;

public sealed class PythonRoundingTests
{
    [Theory]
    [InlineData(2.675, 2, 2.67, 2.68)]
    [InlineData(0.125, 2, 0.12, 0.12)] // exact ties go to the even digit
    [InlineData(0.375, 2, 0.38, 0.38)]
    [InlineData(-0.125, 2, -0.12, -0.12)]
    [InlineData(2.5, 0, 2, 2)]
    [InlineData(1e300, 2, 1e300, 1e300)]
    [InlineData(double.NaN, 2, double.NaN, double.NaN)]
    [InlineData(double.PositiveInfinity, 2, double.PositiveInfinity, double.PositiveInfinity)]
    [InlineData(5e-324, 15, 0, 0)]
    [InlineData(4503599627370496.5, 0, 4503599627370496, 4503599627370496)]
    public void Round_Value_FollowsEachRule(double value, int digits, double python, double numpy)
    {
        Assert.Equal(python, PythonRounding.Round(value, digits));
        Assert.Equal(numpy, PythonRounding.RoundAsNumpy(value, digits));
    }

    [Fact]
    public void Round_RandomValues_AgreesWithExactDecimals()
    {
        Random random = new(5);
        for (int i = 0; i < 5_000; i++)
        {
            double value = i % 3 == 0 ? random.Next(-100_000, 100_000) / 1_000.0 : i % 3 == 1 ? random.Next(-4_000, 4_000) / 16.0 : random.NextDouble() * 200;
            int digits = random.Next(0, 4);
            // A decimal holds these numbers' first 28 digits only, so the way there is by all digits of the binary value.
            string exact = Math.Abs(value).ToString("F60", CultureInfo.InvariantCulture);
            int point = exact.IndexOf('.', StringComparison.Ordinal);
            string kept = exact[..(point + 1 + digits)], rest = exact[(point + 1 + digits)..];
            decimal lower = decimal.Parse(kept, CultureInfo.InvariantCulture), step = new decimal(1, 0, 0, false, (byte)digits);
            int order = string.CompareOrdinal(rest, "5".PadRight(rest.Length, '0'));
            bool odd = (int)(lower / step) % 2 == 1;
            decimal rounded = order > 0 || (order == 0 && odd) ? lower + step : lower;
            double expected = double.Parse(rounded.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            Assert.Equal(value < 0 ? -expected : expected, PythonRounding.Round(value, digits));
        }
    }

    [Fact]
    public void Round_NegativeNearZero_KeepsItsSign()
    {
        Assert.True(double.IsNegative(PythonRounding.Round(-0.001, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => PythonRounding.Round(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => PythonRounding.RoundAsNumpy(1, 16));
    }

    [Fact]
    public void NumpyMean_ManyValues_AddsInHalves()
    {
        // 1 and 200 times half its last bit: added one by one to it, each is lost; in eight lanes and halves most are not.
        double[] values = [1, .. Enumerable.Repeat(double.BitIncrement(1) - 1, 200).Select(bit => bit / 2)];
        double oneByOne = values.Sum();
        Assert.Equal(1, oneByOne);
        Assert.NotEqual(1, NumpyMean.Of(values) * values.Length);
        Assert.Equal(double.NaN, NumpyMean.Of([]));
        Assert.Equal(0.5, NumpyMean.Of([0.25, 0.75]));
    }
}
