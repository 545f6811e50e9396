using LongContext.Positions;

namespace LongContext.Core.Tests.Positions;

public class RotaryTableTests
{
    private static readonly RopeParameters Parameters = RopeScalingTests.Parameters(16, 10_000, 64);

    [Fact]
    public void Fill_LinearAtPosition_IsPlainAtPositionOverFactor()
    {
        int[] positions = [0, 8, 16, 800, 80_000];
        (float[] cos, float[] sin) = Tables(RopeScaling.Linear(8), 80_001, positions);
        (float[] plainCos, float[] plainSin) = Tables(RopeScaling.None, 80_001, [.. positions.Select(p => p / 8)]);

        Assert.Equal(plainCos, cos);
        Assert.Equal(plainSin, sin);
    }

    [Fact]
    public void Fill_PositionsInAnyOrder_RowFollowsItsPosition()
    {
        (float[] cos, float[] sin) = Tables(RopeScaling.None, 64, [5, 0, 5, 63]);
        (float[] cosOf5, float[] sinOf5) = Tables(RopeScaling.None, 64, [5]);

        Assert.Equal(cosOf5, cos[..8]);
        Assert.Equal(sinOf5, sin[..8]);
        Assert.All(cos[8..16], value => Assert.Equal(1, value));
        Assert.All(sin[8..16], value => Assert.Equal(0, value));
        Assert.Equal(cosOf5, cos[16..24]);
    }

    [Fact]
    public void Fill_FarPositions_KeepDoublePrecision()
    {
        // 2^24 + 1 is no float: an angle computed in single precision would be off by a whole radian.
        (float[] cos, _) = Tables(RopeScaling.None, 64, [16_777_217]);

        Assert.Equal((float)Math.Cos(16_777_217), cos[0]);
    }

    [Fact]
    public void Fill_AttentionFactor_MultipliesCosAndSin()
    {
        float[] cos = new float[2], sin = new float[2];
        RotaryTable.Fill(new RopeFrequencies([1, 0.5], attentionFactor: 1.5), [2], cos, sin);

        Assert.Equal((float)(1.5 * Math.Cos(2)), cos[0]);
        Assert.Equal((float)(1.5 * Math.Sin(1)), sin[1]);
    }

    [Theory]
    [MemberData(nameof(RopeScalingTests.AllScalings), MemberType = typeof(RopeScalingTests))]
    public void Fill_RotatedQueryTimesKey_DependsOnDistanceAlone(RopeScaling scaling)
    {
        Random random = new(7);
        double[] query = Vector(random, 16), key = Vector(random, 16);
        RopeFrequencies frequencies = scaling.ComputeFrequencies(Parameters, 1_000);
        foreach ((int q, int k) in new[] { (0, 0), (1, 0), (17, 3), (500, 499), (600, 0) })
        {
            double expected = Score(frequencies, query, q, key, k);
            foreach (int shift in new[] { 1, 13, 399 })
            {
                Assert.Equal(expected, Score(frequencies, query, q + shift, key, k + shift), 1e-5);
            }
        }
    }

    [Fact]
    public void Fill_RotatedQueryTimesKey_ChangesWithDistance()
    {
        Random random = new(7);
        double[] query = Vector(random, 16), key = Vector(random, 16);
        RopeFrequencies frequencies = RopeScaling.None.ComputeFrequencies(Parameters, 64);

        Assert.NotEqual(Score(frequencies, query, 9, key, 0), Score(frequencies, query, 10, key, 0), 1e-3);
    }

    [Fact]
    public void Fill_TableOfWrongSize_ThrowsNamingIt()
    {
        RopeFrequencies frequencies = RopeScaling.None.ComputeFrequencies(Parameters, 64);

        ArgumentException exception = Assert.Throws<ArgumentException>(
            () => RotaryTable.Fill(frequencies, [1, 2], new float[16], new float[15]));

        Assert.Equal("sin", exception.ParamName);
        Assert.Contains("15 elements, expected 16", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fill_NegativePosition_Throws()
    {
        RopeFrequencies frequencies = RopeScaling.None.ComputeFrequencies(Parameters, 64);

        Assert.Throws<ArgumentOutOfRangeException>(() => RotaryTable.Fill(frequencies, [-1], new float[8], new float[8]));
    }

    private static (float[] Cos, float[] Sin) Tables(RopeScaling scaling, int sequenceLength, int[] positions)
    {
        float[] cos = new float[positions.Length * 8], sin = new float[positions.Length * 8];
        RotaryTable.Fill(scaling.ComputeFrequencies(Parameters, sequenceLength), positions, cos, sin);
        return (cos, sin);
    }

    private static double Score(RopeFrequencies frequencies, double[] query, int queryPosition, double[] key, int keyPosition) =>
        Rotate(frequencies, query, queryPosition).Zip(Rotate(frequencies, key, keyPosition), (a, b) => a * b).Sum();

    /// <summary>Half-split pairs, as in Hugging Face checkpoints.</summary>
    private static double[] Rotate(RopeFrequencies frequencies, double[] vector, int position)
    {
        int pairs = vector.Length / 2;
        float[] cos = new float[pairs], sin = new float[pairs];
        RotaryTable.Fill(frequencies, [position], cos, sin);
        double[] rotated = new double[vector.Length];
        for (int i = 0; i < pairs; i++)
        {
            rotated[i] = (vector[i] * cos[i]) - (vector[i + pairs] * sin[i]);
            rotated[i + pairs] = (vector[i + pairs] * cos[i]) + (vector[i] * sin[i]);
        }

        return rotated;
    }

    private static double[] Vector(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextDouble() * 2) - 1)];
}
