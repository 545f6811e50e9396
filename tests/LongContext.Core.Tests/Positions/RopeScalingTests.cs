using LongContext.Positions;

namespace LongContext.Core.Tests.Positions;

public class RopeScalingTests
{
    public static TheoryData<int, double, int> Shapes => new()
    {
        { 2, 10_000, 1 }, { 4, 10_000, 7 }, { 8, 10_000, 64 }, { 64, 500_000, 2_048 }, { 96, 1_000_000, 4_096 }, { 128, 10_000, 4_096 },
    };

    public static TheoryData<RopeScaling> AllScalings => [RopeScaling.None, RopeScaling.Linear(8), RopeScaling.DynamicNtk(8)];

    [Fact]
    public void ComputeFrequencies_None_IsThePublishedFormula()
    {
        RopeFrequencies frequencies = RopeScaling.None.ComputeFrequencies(Parameters(8, 10_000, 64), 64);

        double[] expected = [1, 0.1, 0.01, 0.001];
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], frequencies.InverseFrequencies[i], 1e-15);
        Assert.Equal(1, frequencies.AttentionFactor);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ComputeFrequencies_FactorOne_IsPlain(int headDimension, double theta, int window)
    {
        RopeParameters parameters = Parameters(headDimension, theta, window);
        RopeFrequencies plain = RopeScaling.None.ComputeFrequencies(parameters, window);

        AssertSame(plain, RopeScaling.Linear(1).ComputeFrequencies(parameters, window), 0);
        AssertSame(plain, RopeScaling.DynamicNtk(1).ComputeFrequencies(parameters, window), 0);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ComputeFrequencies_DynamicWithinTheTrainedWindow_IsPlain(int headDimension, double theta, int window)
    {
        RopeParameters parameters = Parameters(headDimension, theta, window);
        RopeFrequencies plain = RopeScaling.None.ComputeFrequencies(parameters, window);
        foreach (int length in new[] { 0, 1, window / 2, window })
        {
            AssertSame(plain, RopeScaling.DynamicNtk(8).ComputeFrequencies(parameters, length), 0);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ComputeFrequencies_DynamicBeyondTheTrainedWindow_SlowsAllButTheFirst(int headDimension, double theta, int window)
    {
        RopeParameters parameters = Parameters(headDimension, theta, window);
        RopeFrequencies plain = RopeScaling.None.ComputeFrequencies(parameters, 0);
        RopeFrequencies stretched = RopeScaling.DynamicNtk(2).ComputeFrequencies(parameters, 4 * window);

        Assert.Equal(1, stretched.InverseFrequencies[0]);
        for (int i = 1; i < plain.InverseFrequencies.Length; i++)
        {
            Assert.True(stretched.InverseFrequencies[i] < plain.InverseFrequencies[i]);
        }
    }

    [Fact]
    public void ComputeFrequencies_DynamicSlowestPair_IsInterpolatedByTheWholeStretch()
    {
        // θ' is chosen so that the last pair turns as if positions were divided by s·L/L0 − (s − 1).
        RopeParameters parameters = Parameters(128, 10_000, 4_096);
        double plain = RopeScaling.None.ComputeFrequencies(parameters, 0).InverseFrequencies[^1];
        double stretched = RopeScaling.DynamicNtk(2).ComputeFrequencies(parameters, 16_384).InverseFrequencies[^1];

        Assert.Equal((2.0 * 4) - 1, plain / stretched, 1e-9);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ComputeFrequencies_Linear_DividesByTheFactor(int headDimension, double theta, int window)
    {
        RopeParameters parameters = Parameters(headDimension, theta, window);
        RopeFrequencies plain = RopeScaling.None.ComputeFrequencies(parameters, window);
        RopeFrequencies linear = RopeScaling.Linear(3).ComputeFrequencies(parameters, window);

        for (int i = 0; i < plain.InverseFrequencies.Length; i++)
        {
            Assert.Equal(plain.InverseFrequencies[i] / 3, linear.InverseFrequencies[i]);
        }
    }

    [Theory]
    [MemberData(nameof(AllScalings))]
    public void DependsOnSequenceLength_SaysWhetherLengthMatters(RopeScaling scaling)
    {
        RopeParameters parameters = Parameters(8, 10_000, 64);
        double[] at64 = [.. scaling.ComputeFrequencies(parameters, 64).InverseFrequencies];
        double[] at4096 = [.. scaling.ComputeFrequencies(parameters, 4_096).InverseFrequencies];

        Assert.Equal(scaling.DependsOnSequenceLength, !at64.SequenceEqual(at4096));
    }

    [Fact]
    public void ComputeFrequencies_PartialRotary_UsesTheRotatedPartOnly()
    {
        RopeParameters parameters = Parameters(16, 10_000, 64) with { PartialRotaryFactor = 0.5 };

        AssertSame(
            RopeScaling.None.ComputeFrequencies(Parameters(8, 10_000, 64), 0),
            RopeScaling.None.ComputeFrequencies(parameters, 0),
            0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.99)]
    [InlineData(-4)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Factor_BelowOneOrNotFinite_Throws(double factor)
    {
        Assert.Equal(factor, Assert.Throws<ArgumentOutOfRangeException>(() => RopeScaling.Linear(factor)).ActualValue);
        Assert.Equal(factor, Assert.Throws<ArgumentOutOfRangeException>(() => RopeScaling.DynamicNtk(factor)).ActualValue);
    }

    [Fact]
    public void ComputeFrequencies_FaultyParameters_OneExceptionNamesThemAll()
    {
        RopeParameters faulty = new() { Theta = double.NaN, HeadDimension = 8, MaxPositionEmbeddings = 0, PartialRotaryFactor = 0.4 };

        string message = Assert.Throws<ArgumentException>(() => RopeScaling.None.ComputeFrequencies(faulty, 0)).Message;

        Assert.Contains("Theta is NaN", message, StringComparison.Ordinal);
        Assert.Contains("MaxPositionEmbeddings is 0", message, StringComparison.Ordinal);
        Assert.Contains("RotaryDimension is 3", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ComputeFrequencies_NegativeLength_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RopeScaling.None.ComputeFrequencies(Parameters(8, 10_000, 64), -1));

    [Fact]
    public void Equality_IsByTypeAndFactor()
    {
        Assert.Equal(RopeScaling.Linear(4), RopeScaling.Linear(4));
        Assert.NotEqual(RopeScaling.Linear(4), RopeScaling.Linear(8));
        Assert.NotEqual(RopeScaling.Linear(4), RopeScaling.DynamicNtk(4));
        Assert.Equal("default", RopeScaling.None.RopeType);
        Assert.Equal("linear", RopeScaling.Linear(4).RopeType);
        Assert.Equal("dynamic", RopeScaling.DynamicNtk(4).RopeType);
    }

    internal static RopeParameters Parameters(int headDimension, double theta, int window) =>
        new() { HeadDimension = headDimension, Theta = theta, MaxPositionEmbeddings = window };

    private static void AssertSame(RopeFrequencies expected, RopeFrequencies actual, double tolerance)
    {
        Assert.Equal(expected.AttentionFactor, actual.AttentionFactor);
        Assert.Equal(expected.InverseFrequencies.Length, actual.InverseFrequencies.Length);
        for (int i = 0; i < expected.InverseFrequencies.Length; i++)
        {
            Assert.Equal(expected.InverseFrequencies[i], actual.InverseFrequencies[i], tolerance);
        }
    }
}
