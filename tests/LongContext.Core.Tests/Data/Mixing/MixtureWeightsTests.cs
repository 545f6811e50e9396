namespace LongContext.Data.Mixing;

public sealed class MixtureWeightsTests
{
    [Fact]
    public void FromSizes_Temperature_FlattensThem()
    {
        Assert.Equal([0.1, 0.9], MixtureWeights.FromSizes([100, 900]), Close);
        // √100 : √900 = 10 : 30.
        Assert.Equal([0.25, 0.75], MixtureWeights.FromSizes([100, 900], temperature: 2), Close);
        Assert.Equal([0.5, 0.5], MixtureWeights.FromSizes([100, 900], double.PositiveInfinity), Close);
        // Squares: 1 : 81.
        Assert.Equal([1 / 82.0, 81 / 82.0], MixtureWeights.FromSizes([100, 900], 0.5), Close);
        Assert.Equal(1, MixtureWeights.FromSizes([long.MaxValue, 1, long.MaxValue], 0.01).Sum(), 1e-12);
    }

    [Fact]
    public void UniMax_SmallSources_AreCappedAndTheRestIsShared()
    {
        // Budget 120, at most 2 epochs: 5 → cap 10 (of 30), 30 → cap 60 but its part is (120 − 10) / 3 = 36⅔, so are the others'.
        Assert.Equal([10 / 120.0, 110 / 360.0, 110 / 360.0, 110 / 360.0], MixtureWeights.UniMax([5, 30, 1000, 400], 120, 2), Close);
        // Unordered, two capped: 3 → 3, 6 → 6, then (60 − 9) / 2 = 25½ each.
        Assert.Equal([25.5 / 60, 3 / 60.0, 25.5 / 60, 6 / 60.0], MixtureWeights.UniMax([100, 3, 200, 6], 60, 1), Close);
        // Nothing capped: uniform. All capped: by size.
        Assert.Equal([0.5, 0.5], MixtureWeights.UniMax([1000, 9000], 100, 1), Close);
        Assert.Equal([0.1, 0.9], MixtureWeights.UniMax([1, 9], 1_000_000, 4), Close);
        // Half an epoch is a cap too: 10 → 5, the other 95.
        Assert.Equal([0.05, 0.95], MixtureWeights.UniMax([10, 1000], 100, 0.5), Close);
    }

    [Fact]
    public void UniMax_AnySizes_NeverPassesTheMostEpochs()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            SplitMix64 random = new(seed, 1);
            long[] sizes = [.. Enumerable.Range(0, 1 + random.NextInt(9)).Select(_ => 1L + random.NextInt(1 << (1 + random.NextInt(24))))];
            double epochs = 0.5 + (4 * random.NextDouble());
            long budget = (long)Math.Max(1, sizes.Sum() * epochs * random.NextDouble());
            IReadOnlyList<double> weights = MixtureWeights.UniMax(sizes, budget, epochs);
            Assert.Equal(1, weights.Sum(), 1e-9);
            double largest = weights.Max();
            for (int i = 0; i < sizes.Length; i++)
            {
                Assert.True(weights[i] * budget <= sizes[i] * epochs * (1 + 1e-9));
                // Who gets less than another has all that it may.
                Assert.True(weights[i] >= largest * (1 - 1e-9) || weights[i] * budget >= sizes[i] * epochs * (1 - 1e-9));
            }
        }
    }

    [Fact]
    public void Weights_BadNumbers_AreAllListed()
    {
        string message = Assert.Throws<ArgumentException>("sizes", () => MixtureWeights.FromSizes([1, 0, -3], double.NaN)).Message;
        foreach (string part in (string[])["size 1 is 0", "size 2 is -3", "temperature is NaN"]) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("no size", Assert.Throws<ArgumentException>(() => MixtureWeights.UniMax([], 0, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("budget is 0", Assert.Throws<ArgumentException>(() => MixtureWeights.UniMax([], 0, 0)).Message, StringComparison.Ordinal);
    }

    private static bool Close(double expected, double actual) => Math.Abs(expected - actual) < 1e-12;
}
