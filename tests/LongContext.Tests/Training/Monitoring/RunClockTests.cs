using LongContext.Training.Monitoring;

namespace LongContext.Tests.Training.Monitoring;

public sealed class RunClockTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(50)]
    public void Occurrences_AnyPartOfARun_AreTheMultiplesAndTheEnd(int? every)
    {
        for (int total = 1; total < 25; total++)
        {
            for (int done = 0; done <= total; done++)
            {
                int expected = Enumerable.Range(done + 1, total - done).Count(step => step == total || (every is { } n && step % n == 0));
                Assert.Equal(expected, RunClock.Occurrences(done, total, every));
            }
        }
    }

    [Fact]
    public void Remaining_StepsEvaluationsAndCheckpoints_EachAtTheirOwnRate()
    {
        var clock = new RunClock();
        for (int i = 0; i < 4; i++) clock.AddStep(TimeSpan.FromSeconds(2), 10, 100);
        clock.AddEvaluation(TimeSpan.FromSeconds(10));
        clock.AddEvaluation(TimeSpan.FromSeconds(20));
        clock.AddCheckpoint(TimeSpan.FromSeconds(5));
        // 45 seconds passed: 30 in evaluations, 5 in the checkpoint, so 2.5 for each of the four steps.
        TimeSpan remaining = clock.Remaining(TimeSpan.FromSeconds(45), stepsLeft: 6, evaluationsLeft: 3, checkpointsLeft: 2);
        Assert.Equal((6 * 2.5) + (3 * 15) + (2 * 5), remaining.TotalSeconds, 1e-9);
    }

    [Fact]
    public void Remaining_NothingHappenedYet_IsZero() => Assert.Equal(TimeSpan.Zero, new RunClock().Remaining(TimeSpan.FromSeconds(5), 10, 10, 10));

    [Fact]
    public void RecentTokensPerSecond_AfterAChange_ForgetsWhatWasBefore()
    {
        var clock = new RunClock();
        for (int i = 0; i < 100; i++) clock.AddStep(TimeSpan.FromSeconds(1), tokens: 1, flops: 2);
        Assert.Equal(1, clock.RecentTokensPerSecond, 1e-12);
        for (int i = 0; i < RunClock.RecentSteps; i++) clock.AddStep(TimeSpan.FromSeconds(i % 2 == 0 ? 1 : 3), tokens: 40, flops: 400);
        Assert.Equal(20, clock.RecentTokensPerSecond, 1e-9);
        Assert.Equal(200, clock.RecentFlopsPerSecond, 1e-9);
        Assert.Equal(100 + (40 * RunClock.RecentSteps), clock.Tokens);
    }
}
