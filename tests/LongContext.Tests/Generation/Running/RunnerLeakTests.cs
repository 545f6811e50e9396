using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Tests.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

[Collection(TensorCounting.Name)]
public sealed class RunnerLeakTests
{
    [Theory]
    [InlineData("torch")]
    [InlineData("cpu")]
    public void Run_ManySteps_LeavesNoTensorBehind(string runner)
    {
        using CausalLanguageModel model = FixtureModels.Load("gemma2");
        long before = TensorCounting.Count();
        for (int round = 0; round < 3; round++)
        {
            RunnerOptions options = ModelRunnerSuite.Options with { CacheFormat = round == 1 ? Cpu.Attention.CacheFormat.Float8 : null };
            using var driver = new StepDriver(runner == "cpu" ? new CpuModelRunner(model, options) : new TorchModelRunner(model, options), 3);
            int[] tokens = ModelRunnerSuite.Strangers(model, 40, 1);
            driver.All(tokens, 7, null, driver.Start(tokens), driver.Start(tokens, new SelfExtend(2, 8)));
            long first = TensorCounting.Count();
            driver.All(tokens, 7, null, driver.Start(tokens));
            // Not collected before: a tensor that is left to its finalizer may be finalised in the middle of an operator that reads it. The rotary tables of the model may have grown in the first round.
            if (round > 0) Assert.InRange(Tensor.TotalCount - first, long.MinValue, 0);
        }

        // cos and sin of each of the model's rotary settings stay with the model.
        Assert.InRange(TensorCounting.Count() - before, 0, 4);
    }
}
