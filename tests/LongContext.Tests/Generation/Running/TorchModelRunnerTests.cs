using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Running;

[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class TorchModelRunnerTests : ModelRunnerSuite
{
    internal override IModelRunner Create(CausalLanguageModel model, RunnerOptions options) => new TorchModelRunner(model, options);

    [Fact]
    public void Run_Float64_GivesTheModelsLogitsToRounding()
    {
        using CausalLanguageModel model = TinyModels.Create();
        using var driver = new StepDriver(Create(model, Options), 3);
        int[] tokens = TinyModels.Tokens(70, 3);
        float[] expected = [.. TinyModels.Logits(model, LongContext.Packing.PackedBatch.CreatePrompt(tokens)).Select(value => (float)value)];
        AssertClose(expected, driver.All(tokens, 13), 1e-6);
    }
}
