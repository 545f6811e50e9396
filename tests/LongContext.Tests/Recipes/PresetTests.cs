using System.Globalization;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Recipes;
using LongContext.TestSupport;
using LongContext.Training.Memory;
using LongContext.Training.Optimizers;

namespace LongContext.Tests.Recipes;

public sealed class PresetTests
{
    [Fact]
    public void Documentation_ItsTables_AreWhatThePlannerGives()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
        string[] page = File.ReadAllLines(Path.Combine(TestPaths.RepositoryRoot!, "docs", "recipes.md"));
        AssertTable(page, "Llama-3.1-8B", ReferenceModels.Llama31With8B);
        AssertTable(page, "Mistral-7B-v0.3", ReferenceModels.Mistral7BVersion3);
    }

    [Fact]
    public void Fit_EveryPreset_FitsAtItsContextAndNotBeyondItsMaximum()
    {
        foreach (PresetFit fit in PresetFit.Table(ReferenceModels.Llama31With8B))
        {
            (_, int host) = PresetFit.Cards.Single(card => card.CardGigabytes == fit.CardGigabytes);
            MemoryRequest request = fit.Preset.Request(ReferenceModels.Llama31With8B, fit.CardGigabytes, host);
            Assert.False(MemoryPlanner.Plan(request, fit.MaximumContext + 256).Fits, $"{fit.Preset.Name} on {fit.CardGigabytes} GB");
            if (fit.Plan is null) continue;
            Assert.True(fit.Plan.Fits);
            Assert.Equal(fit.Context, 1 << int.Log2(fit.MaximumContext));
            Assert.InRange(fit.Plan.Estimate.DeviceBytes, 1, (long)(fit.CardGigabytes * 0.9e9));
            Assert.InRange(fit.Plan.Estimate.HostBytes, 0, host * 1_000_000_000L);
        }
    }

    [Fact]
    public void Shapes_TheirWeights_AreAsManyAsPublished()
    {
        Assert.Equal(8_030_261_248, Count(ReferenceModels.Llama31With8B));
        Assert.Equal(7_248_023_552, Count(ReferenceModels.Mistral7BVersion3));

        static long Count(ModelConfig config) => MemoryPlanner.Estimate(new MemoryRequest { Config = config }, 256).Items.Single(item => item.Name == "weights").DeviceBytes / 2;
    }

    /// <summary>Blocks of a window have masks beside them: such a model takes more, and far beyond what fits nothing wraps around into "fits".</summary>
    [Fact]
    public void MaximumContext_ModelWithSlidingWindow_IsShorterThanWithout()
    {
        ModelConfig windowed = ReferenceModels.Mistral7BVersion3.WithField("sliding_window", 4096);
        MemoryRequest request = TrainingPreset.QLora.Request(windowed, cardGigabytes: 80);
        int maximum = MemoryPlanner.MaximumContext(request);
        Assert.InRange(maximum, 4096, MemoryPlanner.MaximumContext(TrainingPreset.QLora.Request(ReferenceModels.Mistral7BVersion3, cardGigabytes: 80)));
        Assert.True(MemoryPlanner.Plan(request, maximum).Fits);
        Assert.All(new[] { maximum + 256, maximum * 2, 1 << 24 }, tokens =>
        {
            MemoryPlan plan = MemoryPlanner.Plan(request, tokens);
            Assert.False(plan.Fits);
            Assert.InRange(plan.Estimate.DeviceBytes, request.DeviceBytes!.Value + 1, long.MaxValue);
        });
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPlanner.Plan(request, (1 << 24) + 1));
    }

    [Fact]
    public void Apply_GradientsByLayer_GivesOptionsThatATrainerTakes()
    {
        TrainerOptions options = TrainingPreset.Full.Apply(InstructionTuning.DefaultTrainer with { Steps = 7 });
        using CausalLanguageModel model = TinyModels.Create(dataType: TorchSharp.torch.ScalarType.BFloat16);
        using var trainer = new LongContextTrainer(model, options);
        Assert.Equal((7, 1, null, true), (options.Steps, options.GradientAccumulationSteps, options.MaximumGradientNorm, options.AppliesGradientsByLayer));
        Assert.IsType<AdamW8BitOptions>(options.Optimizer);
        Assert.Equal((InstructionTuning.DefaultTrainer.LearningRate, 8), (options.LearningRate, InstructionTuning.DefaultTrainer.GradientAccumulationSteps));
    }

    private static void AssertTable(string[] page, string model, ModelConfig config)
    {
        string[] rows = [.. page.SkipWhile(line => line != $"### {model}").SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.StartsWith('|'))];
        string[] expected = [.. PresetFit.Table(config).GroupBy(fit => fit.Preset).Select(preset => $"| {preset.Key.Name} | {string.Join(" | ", preset.Select(Cell))} |")];
        Assert.True(expected.SequenceEqual(rows), $"docs/recipes.md, {model}: the planner gives\n{string.Join('\n', expected)}");
    }

    private static string Cell(PresetFit fit) => fit.Plan is null ? "does not fit" : string.Create(
        CultureInfo.InvariantCulture, $"{fit.MaximumContext:N0}<br>({fit.Context:N0}: {fit.Plan.Estimate.DeviceBytes / 1e9:F1} + {fit.Plan.Estimate.HostBytes / 1e9:F1} GB; {fit.Policy})");
}
