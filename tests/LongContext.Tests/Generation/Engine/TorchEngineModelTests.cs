using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Engine;

[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class TorchEngineModelTests : EngineModelSuite
{
    internal override IModelRunner Create(CausalLanguageModel model, RunnerOptions options) => new TorchModelRunner(model, options);

    internal override bool IsExact => false;

    /// <summary>One token a step takes long here: asked for with the slow tests.</summary>
    internal override IReadOnlyList<int> StepTokens => SlowTests.AreAsked ? [64, 7, 1] : [64, 7];
}
