using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Runs;

public sealed class ModelGateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(60, null, 10)]
    [InlineData(7, null, 10)]
    [InlineData(null, 6_000, 10)]
    [InlineData(30, 6_000, 500)]
    public async Task EnterAsync_LimitsPerMinute_AreKeptInEveryMinute(int? requests, int? tokens, int perRequest)
    {
        FakeTime time = new();
        using ModelGate gate = new(RunModels.Of(RunModels.Echo(), "m"), new EvaluationRunOptions { RequestsAtOnce = 100, RequestsPerMinute = requests, TokensPerMinute = tokens, TimeProvider = time });
        List<TimeSpan> entered = [];
        for (int i = 0; i < 60; i++)
        {
            Task entering = gate.EnterAsync(perRequest, Token).AsTask();
            while (!entering.IsCompleted)
            {
                if (!time.AdvanceToNext(TimeSpan.FromHours(1))) await Task.Delay(1, Token);
                await Task.Yield();
            }

            await entering;
            entered.Add(time.Now);
            gate.Leave(perRequest, perRequest);
        }

        int most = Math.Min(requests ?? int.MaxValue, tokens / perRequest ?? int.MaxValue);
        foreach (TimeSpan begin in entered) Assert.InRange(entered.Count(each => each >= begin && each < begin + TimeSpan.FromMinutes(1)), 1, most + 1);
        // And no slower than that.
        Assert.InRange(entered[^1].TotalMinutes, 0, (60.0 / most) + 0.1);
    }

    [Fact]
    public async Task Leave_FewerTokensThanSaid_OthersGoSooner()
    {
        FakeTime time = new();
        using ModelGate gate = new(RunModels.Of(RunModels.Echo(), "m"), new EvaluationRunOptions { TokensPerMinute = 1_000, TimeProvider = time });
        await gate.EnterAsync(1_000, Token);
        gate.Leave(1_000, 100);
        Task next = gate.EnterAsync(10, Token).AsTask();
        Assert.False(next.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(6.001));
        await next;
    }

    [Fact]
    public async Task Failed_SoManyInARow_Stops()
    {
        using ModelGate gate = new(RunModels.Of(RunModels.Echo(), "m"), new EvaluationRunOptions { MaximumFailuresInARow = 3 });
        for (int i = 0; i < 2; i++) gate.Failed("x");
        gate.Succeeded();
        for (int i = 0; i < 2; i++) gate.Failed("x");
        Assert.Null(gate.Stopped);
        gate.Failed("the last");
        Assert.Contains("the last", gate.Stopped, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelStoppedException>(() => gate.EnterAsync(0, Token).AsTask());
    }
}
