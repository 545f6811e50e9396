using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Running;

[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class CpuModelRunnerTests : ModelRunnerSuite
{
    internal override IModelRunner Create(CausalLanguageModel model, RunnerOptions options) => new CpuModelRunner(model, options);

    internal override bool Takes(CausalLanguageModel model) => CpuModelRunner.WhyNot(model) is null;

    [Theory, MemberData(nameof(Cases))]
    public void Run_InOtherChunksCompanyPagesAndThreads_GivesTheSameBits(string name)
    {
        using CausalLanguageModel model = Tests.Models.FixtureModels.Load(name);
        int[] tokens = Strangers(model, 150, 5);
        float[]? expected = null;
        foreach ((int chunk, int threads, int pageTokens) in new[] { (150, 1, 16), (150, 3, 64), (16, 2, 16), (7, 1, 32), (1, 2, 16) })
        {
            using var driver = new StepDriver(Create(model, Options with { Threads = threads, PageTokens = pageTokens, MaximumTokens = 160 }), (ulong)chunk);
            DrivenSequence[] strangers = chunk == 150 ? [] : [driver.Start(Strangers(model, 33, 1)), driver.Start(Strangers(model, 90, 2)), driver.Start(Strangers(model, 8, 3))];
            float[] actual = driver.All(tokens, chunk, null, strangers);
            expected ??= actual;
            Assert.Equal(expected, actual);
            // Only the last row wanted: the last layer leaves the others out.
            Assert.Equal(expected[^model.Config.VocabularySize..], driver.Prefill(driver.Start(tokens), chunk, strangers));
        }
    }

    [Fact]
    public void Run_CancelledAtAnyMoment_ThrowsOrIsWhole()
    {
        using CausalLanguageModel model = Tests.Models.FixtureModels.Load("qwen3");
        using var driver = new StepDriver(Create(model, Options), 3);
        int[] tokens = Strangers(model, 60, 2);
        DrivenSequence sequence = driver.Start(tokens);
        float[] expected = driver.Step((sequence, 60, 1))[0][0];
        var batch = new StepBatch(64, 1);
        var random = new LongContext.Data.SplitMix64(1);
        int thrown = 0, whole = 0;
        for (int round = 0; round < 5_000 && (thrown < 20 || whole < 20 || round < 100); round++)
        {
            batch.Clear();
            batch.Add(new StepSequence { Pages = sequence.Pages, LogitCount = 1 }, tokens);
            using var source = new CancellationTokenSource();
            int spins = random.NextInt(20_000);
            var canceller = new Thread(() =>
            {
                Thread.SpinWait(spins);
                source.Cancel();
            });
            canceller.Start();
            try
            {
                driver.Runner.Run(batch, source.Token);
                Assert.Equal(expected, driver.Runner.Logits(0).ToArray());
                whole++;
            }
            catch (OperationCanceledException)
            {
                thrown++;
            }
            finally
            {
                canceller.Join();
            }
        }

        Assert.True(thrown > 0 && whole > 0, $"{thrown} cancelled, {whole} whole");
        driver.Release(sequence);
    }
}
