using LongContext.Training.Guarding;

namespace LongContext.Tests.Training.Guarding;

public sealed class SpikeDetectorTests
{
    private static readonly TrainingGuardOptions Options = new() { SpikeWindow = 9, SpikeWarmupSteps = 5, SpikeThreshold = 4, SpikeMinimumRise = 0.01 };

    [Fact]
    public void Limit_KnownLosses_IsMedianAndMad()
    {
        // Median 3; distances 2, 1, 0, 1, 7: median 1.
        Assert.Equal(3 + (4 * 1.4826022185056018), SpikeDetector.Limit([1, 2, 3, 4, 10], Options)!.Value, 1e-12);
        // Median 2.5; distances 1.5, 0.5, 0.5, 1.5, 2.5, 1.5: median 1.5.
        Assert.Equal(2.5 + (4 * 1.4826022185056018 * 1.5), SpikeDetector.Limit([1, 2, 3, 4, 5, 1], Options)!.Value, 1e-12);
    }

    [Fact]
    public void Limit_OfNormalLosses_IsTheirDeviation()
    {
        var random = new Random(3);
        double[] losses = [.. Enumerable.Range(0, 20_001).Select(_ => 2 + (0.3 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
        Assert.Equal(2 + (4 * 0.3), SpikeDetector.Limit(losses, Options)!.Value, 0.04);
    }

    [Fact]
    public void Limit_TooFewLosses_IsNone()
    {
        Assert.Null(SpikeDetector.Limit([], Options));
        Assert.Null(SpikeDetector.Limit([1, 2, 3, 4], Options));
        Assert.NotNull(SpikeDetector.Limit([1, 2, 3, 4, 5], Options));
    }

    [Fact]
    public void Limit_LossesThatDoNotVary_LeavesTheLeastRise() => Assert.Equal(1.51, SpikeDetector.Limit([1.5, 1.5, 1.5, 1.5, 1.5, 9], Options)!.Value, 1e-12);

    [Fact]
    public void Limit_OneOutlierMore_HardlyMoves()
    {
        double[] losses = [2.0, 2.1, 1.9, 2.05, 1.95, 2.02, 1.98];
        double before = SpikeDetector.Limit(losses, Options)!.Value, after = SpikeDetector.Limit([.. losses, 1e6], Options)!.Value;
        Assert.InRange(after, before, before + 0.2);
    }

    [Fact]
    public void Push_FullWindow_DropsTheOldest()
    {
        IReadOnlyList<double> losses = [];
        for (int i = 1; i <= 12; i++) losses = SpikeDetector.Push(losses, i, window: 9);
        Assert.Equal([4, 5, 6, 7, 8, 9, 10, 11, 12], losses);
        // A state of a wider window comes down to the narrower one.
        Assert.Equal([11, 12, 13], SpikeDetector.Push(losses, 13, window: 3));
    }
}
