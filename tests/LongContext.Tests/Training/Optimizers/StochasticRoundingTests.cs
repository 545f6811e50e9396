using LongContext.Models;
using LongContext.Tensors;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

public sealed class StochasticRoundingTests
{
    private const int Count = 200_000;

    [Theory]
    [InlineData(1.0009765625)] // an eighth of the way from 1 to the next bfloat16
    [InlineData(-3.011)]
    [InlineData(1e-20)]
    public void Round_ManyTimes_IsRightInTheMean(double value)
    {
        using var scope = NewDisposeScope();
        float single = (float)value;
        double[] rounded = TinyModels.Doubles(StochasticRounding.Round(TensorArithmetic.Filled([Count], single, ScalarType.Float32, CPU), StochasticRounding.Key(1, 2, "name"), 0));
        double[] kinds = [.. rounded.Distinct().Order()];
        Assert.Equal(2, kinds.Length);
        double up = (single - kinds[0]) / (kinds[1] - kinds[0]), gap = kinds[1] - kinds[0];
        Assert.InRange(up, 0, 1);
        Assert.True(gap <= Math.Abs(value) / 128, $"{value} went to {kinds[0]} and {kinds[1]}");
        // Five standard deviations of a share of Count draws.
        double allowed = 5 * Math.Sqrt(up * (1 - up) / Count);
        Assert.Equal(up, rounded.Count(x => x == kinds[1]) / (double)Count, allowed);
        // Neighbours are as independent as anything: the share of pairs that go up together.
        double pairs = Enumerable.Range(0, Count - 1).Count(i => rounded[i] == kinds[1] && rounded[i + 1] == kinds[1]) / (double)(Count - 1);
        Assert.Equal(up * up, pairs, 10 * Math.Sqrt(up * up * (1 - up * up) / Count));
    }

    [Fact]
    public void Round_ValuesOfTheTypeAndSpecialOnes_StayAsTheyAre()
    {
        float[] values = [0, -0f, 1, -1.5f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1.0078125f, 9.1835496e-41f];
        using Tensor given = tensor(values), rounded = StochasticRounding.Round(given, 12345, 0);
        Assert.Equal(values.Select(value => (double)value), TinyModels.Doubles(rounded));
    }

    [Fact]
    public void Round_FromAnIndexOn_IsThePartOfTheWhole()
    {
        using var scope = NewDisposeScope();
        Tensor values = rand(1000);
        ulong key = StochasticRounding.Key(3, 4, "x");
        Assert.Equal(TinyModels.Doubles(StochasticRounding.Round(values, key, 0))[300..], TinyModels.Doubles(StochasticRounding.Round(values.narrow(0, 300, 700), key, 300)));
    }

    [Fact]
    public void Round_OnTheCpu_DrawsTheBitsOfEveryDevice()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        float[] special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -0f, 1e-42f, BitConverter.Int32BitsToSingle(0x7F800001)];
        Tensor values = cat([randn(70_001, generator: generator), tensor(special)]);
        foreach (long start in new[] { 0, 12_345, (1L << 32) - 5 })
        {
            ulong key = StochasticRounding.Key(5, start, "weight");
            Assert.Equal(TinyModels.Doubles(StochasticRounding.RoundByOperators(values, key, start)), TinyModels.Doubles(StochasticRounding.Round(values, key, start)));
        }
    }

    [Fact]
    public void Key_OfAnotherSeedUpdateOrName_DrawsAnew()
    {
        using var scope = NewDisposeScope();
        Tensor values = TensorArithmetic.Filled([64], 1.004f, ScalarType.Float32, CPU);
        double[][] draws =
        [
            .. new[] { StochasticRounding.Key(1, 1, "a"), StochasticRounding.Key(2, 1, "a"), StochasticRounding.Key(1, 2, "a"), StochasticRounding.Key(1, 1, "b"), StochasticRounding.Key(-1, 1, "a") }
                .Select(key => TinyModels.Doubles(StochasticRounding.Round(values, key, 0))),
        ];
        for (int i = 0; i < draws.Length; i++)
            for (int k = 0; k < i; k++) Assert.NotEqual(draws[i], draws[k]);
    }

    [Theory]
    [InlineData(HalfPrecisionUpdates.MasterWeights, true)]
    [InlineData(HalfPrecisionUpdates.StochasticRounding, true)]
    [InlineData(HalfPrecisionUpdates.Nearest, false)]
    public void Step_UpdatesFarBelowTheType_AddUpUnlessRoundedToTheNearest(HalfPrecisionUpdates half, bool adds)
    {
        // 200 updates of 1e-4 on weights of 1, where bfloat16's next value down is 0.0039 away.
        using Tensor value = ones(4096, dtype: ScalarType.BFloat16);
        var parameter = new Parameter("weight", value);
        using Optimizer optimizer = new LionOptions { HalfPrecisionUpdates = half }.Create([parameter], [], seed: 7);
        using Tensor gradient = ones(4096);
        for (int step = 0; step < 200; step++)
        {
            parameter.ReleaseGradient();
            parameter.AddGradient(gradient);
            optimizer.Step(1e-4);
        }

        parameter.ReleaseGradient();
        // Each value's random walk has a deviation of at most √(200 · 1e-4 · 0.0039) ≈ 0.009; their mean 64 times less.
        Assert.Equal(adds ? 0.98 : 1, TinyModels.Doubles(value).Average(), adds ? 7e-4 + (half == HalfPrecisionUpdates.MasterWeights ? 1.0 / 512 : 0) : 0);
    }

    [Fact]
    public void Create_StochasticRoundingOfFloat16_NamesTheParameters()
    {
        using var parameters = new TestParameters(ScalarType.Float16);
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding }.Create(parameters.All, [], seed: 0));
        Assert.All(parameters.All, parameter => Assert.Contains($"'{parameter.Name}' is of type Float16", e.Message, StringComparison.Ordinal));
    }
}
