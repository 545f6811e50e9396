using LongContext.Adapters;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Tensors;
using LongContext.Tests.Models;
using LongContext.Tests.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>What the CPU's runner does between and beside its steps.</summary>
public sealed class CpuModelRunnerStateTests
{
    private static RunnerOptions Options => ModelRunnerSuite.Options;

    [Theory]
    [InlineData("llama-default", 1)]
    [InlineData("gemma3", 2)]
    [InlineData("phi3-default-partial", 2)]
    [InlineData("granite", 1)]
    [InlineData("llama-dynamic4", 2)]
    [InlineData("llama-longrope", 1)]
    public void Run_DecodingInSteadyState_AllocatesNothing(string name, int threads)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using var runner = new CpuModelRunner(model, Options with { PageTokens = 256, Threads = threads });
        int groups = runner.Pages.Groups.Count;
        SequencePages[] pages = [.. Enumerable.Range(0, 3).Select(_ => new SequencePages(groups))];
        for (int i = 0; i < pages.Length; i++)
        {
            for (int group = 0; group < groups; group++)
            {
                runner.Pages.Commit(group, i);
                pages[i].Add(group, i);
            }
        }

        var batch = new StepBatch(64, 8);
        float sum = 0;
        for (int position = 0; position < 20; position++)
        {
            if (position % 5 == 0) Thread.Sleep(5); // the helpers fall asleep: what their first waking makes is made now
            Step(position);
        }

        // A round counts when no collection fell into it: one ends the piece of memory that a thread allocates from (8 KB, which count as allocated then). On a busy machine a round has that all the same now and then; what a step
        // allocates is in each.
        var rounds = new List<long>();
        for (int round = 0; rounds.Count < 5 && round < 100; round++)
        {
            int collections = GC.CollectionCount(0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < 40; step++) Step(20 + (40 * (round % 5)) + step);
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (GC.CollectionCount(0) == collections) rounds.Add(bytes);
        }

        Assert.True(rounds.Count > 0, "Each round had a collection in it.");
        Assert.True(rounds.Count(bytes => bytes == 0) > rounds.Count / 2, $"bytes by round: {string.Join(", ", rounds)}");
        Assert.True(float.IsFinite(sum));

        void Step(int position)
        {
            batch.Clear();
            for (int i = 0; i < pages.Length; i++)
                batch.Add(new StepSequence { CachedTokens = position, FrequencyLength = position + 1, LogitCount = 1, Pages = pages[i] }, [(position + i) % 100]);
            runner.Run(batch, CancellationToken.None);
            sum += runner.Logits(1)[3];
        }
    }

    [Fact]
    public void Run_AdapterAttachedMergedAndTakenOff_FollowsTheModel()
    {
        using CausalLanguageModel model = FixtureModels.Load("llama-default");
        using var driver = new StepDriver(new CpuModelRunner(model, Options), 3);
        int[] tokens = ModelRunnerSuite.Strangers(model, 30, 1);
        float[] plain = driver.All(tokens, 11);
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 4, Alpha = 8 }, 3);
        using (no_grad())
        {
            foreach (Parameter parameter in adapter.Trainable)
            {
                using Tensor noise = randn(parameter.Shape, dtype: parameter.Value.dtype);
                parameter.Value.AddInPlace(noise);
            }
        }

        float[] adapted = driver.All(tokens, 11);
        ModelRunnerSuite.AssertClose(ModelFixtureTests.Logits(model, tokens), adapted, 2e-4 * Math.Max(1, adapted.Max(MathF.Abs)));
        Assert.True(ModelRunnerSuite.Largest(plain, adapted) > 1e-2);
        model.MergeAdapter();
        ModelRunnerSuite.AssertClose(adapted, driver.All(tokens, 11), 1e-3 * Math.Max(1, adapted.Max(MathF.Abs)));
        model.UnmergeAdapter();
        Assert.Equal(adapted, driver.All(tokens, 11));
        model.RemoveAdapter();
        Assert.Equal(plain, driver.All(tokens, 11));
    }

    [Fact]
    public void Run_RopeScalingChanged_FollowsTheModel()
    {
        using CausalLanguageModel model = FixtureModels.Load("llama-default");
        using var driver = new StepDriver(new CpuModelRunner(model, Options), 3);
        int[] tokens = ModelRunnerSuite.Strangers(model, 60, 1);
        float[] before = driver.All(tokens, 16);
        model.SetRopeScaling(RopeScaling.Linear(4));
        float[] after = driver.All(tokens, 16);
        ModelRunnerSuite.AssertClose(ModelFixtureTests.Logits(model, tokens), after, 2e-4);
        Assert.True(ModelRunnerSuite.Largest(before, after) > 1e-2);
    }

    [Fact]
    public void Create_ByTheModel_ChoosesAndSaysWhy()
    {
        var log = new ListLogger();
        using CausalLanguageModel single = TinyModels.Create(dataType: ScalarType.Float32), wide = TinyModels.Create();
        using IModelRunner cpu = ModelRunners.Create(single, Options, log), torch = ModelRunners.Create(wide, Options, log);
        Assert.Equal(("cpu", "torch"), (cpu.Name, torch.Name));
        Assert.Contains(log.All, line => line.Text.Contains("Float64", StringComparison.Ordinal) && line.Text.Contains("'torch'", StringComparison.Ordinal));
        Assert.Contains("Float64", Assert.Throws<NotSupportedException>(() => new CpuModelRunner(wide, Options)).Message, StringComparison.Ordinal);
        single.AddAdapter(new LoraOptions { Rank = 2, WeightDecomposed = true }, 1);
        using IModelRunner adapted = ModelRunners.Create(single, Options, log);
        Assert.Equal("torch", adapted.Name);
        Assert.Contains("DoRA", log.All[^1].Text, StringComparison.Ordinal);
    }
}
