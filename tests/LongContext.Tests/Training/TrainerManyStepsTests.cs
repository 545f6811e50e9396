using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>What long runs, and steps that fail, leave behind: nothing.</summary>
[Collection(TensorCounting.Name)]
public sealed class TrainerManyStepsTests
{
    public static readonly TheoryData<string> Policies = ["everything", "mlp", "layers", "every 2nd", "host", "heads", "tiles"];

    private static ActivationPolicy Policy(string name) => name switch
    {
        "everything" => ActivationPolicy.KeepEverything,
        "mlp" => new() { Recompute = Recomputation.Mlp, TileTokens = 3 },
        "layers" => ActivationPolicy.RecomputeLayers,
        "every 2nd" => new() { EveryNthLayer = 2 },
        "host" => new() { EveryNthLayer = 2, OnHost = true },
        "heads" => new() { KeyValueHeadsAtATime = 1, TileTokens = 5 },
        _ => new() { TileTokens = 1, Recompute = Recomputation.Nothing },
    };

    private static CausalLanguageModel Create(string adapter, KernelWithEvents? kernel = null)
    {
        CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { DataType = ScalarType.Float32, AttentionKernel = kernel });
        if (adapter == "lora") model.AddAdapter(new LoraOptions { Rank = 2, Dropout = 0.1, TargetModules = ["q_proj", "up_proj", "embed_tokens", "lm_head"] }, seed: 1);
        if (adapter == "dora") model.AddAdapter(new LoraOptions { Rank = 2, WeightDecomposed = true, ModulesToSave = ["lm_head"] }, seed: 1);
        return model;
    }

    [Theory]
    [InlineData("none", false)]
    [InlineData("lora", true)]
    public async Task TrainAsync_AThousandSteps_HoldNoMoreTensorsThanTen(string adapter, bool byLayer)
    {
        using CausalLanguageModel model = Create(adapter);
        long before = TensorCounting.Count(), afterTen = 0, afterThousand = 0;
        var options = new TrainerOptions
        {
            Steps = 1000, GradientAccumulationSteps = byLayer ? 1 : 2, MaximumGradientNorm = byLayer ? null : 1e-3, AppliesGradientsByLayer = byLayer,
        };
        var listener = new TrainingRun.Listener(progress =>
        {
            if (progress.Step == 10) afterTen = Tensor.TotalCount;
            if (progress.Step == 1000) afterThousand = Tensor.TotalCount;
        });
        IPackSource source = PackSource.FromFunction(index =>
            PackedBatch.Create([TinyModels.Document(2 + (int)(index * 7 % 30), (int)(index % 50)), TinyModels.Document(1 + (int)(index % 3), 2)]));
        using (var trainer = new LongContextTrainer(model, options))
            await trainer.TrainAsync(source, listener, TestContext.Current.CancellationToken);

        Assert.True(afterTen > before);
        Assert.Equal(afterTen, afterThousand);
        Assert.Equal(before, Tensor.TotalCount - RotaryTables);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("dora")]
    public void Run_AThousandPacksEachUnderAnotherPolicy_HoldNoMoreTensorsThanTen(string adapter)
    {
        ActivationPolicy[] policies = [.. Policies.Select(row => Policy(row.Data))];
        using CausalLanguageModel model = Create(adapter);
        using Optimizer optimizer = new AdamWOptions().Create(model.TrainableParameters, [], seed: 0);
        foreach (Parameter parameter in model.TrainableParameters) parameter.Trains = true;
        int run = 0;
        using var backpropagation = new LayerwiseBackpropagation(model, _ => policies[run % policies.Length], zLoss: 1e-3);
        long afterTen = 0;
        for (run = 0; run < 1000; run++)
        {
            PackedBatch pack = PackedBatch.Create([TinyModels.Document(2 + (run * 7 % 30), run % 50), TinyModels.Document(1 + (run % 3), 2)]);
            optimizer.ReleaseGradients();
            backpropagation.Run(pack, 1 / pack.LossNormalizer, dropoutSeed: (ulong)run, TestContext.Current.CancellationToken);
            optimizer.Step(1e-4);
            if (run == 10) afterTen = Tensor.TotalCount;
        }

        Assert.Equal(afterTen, Tensor.TotalCount);
        Assert.True(is_grad_enabled(), "the thread's gradient mode was left off");
        optimizer.ReleaseGradients();
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task TrainAsync_FailureAtAnyCallOfAttention_LeavesNothing(string policy)
    {
        foreach (string adapter in new[] { "none", "lora" })
        {
            var kernel = new KernelWithEvents();
            using CausalLanguageModel model = Create(adapter, kernel);
            PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(1, 2)]);
            var options = new TrainerOptions { Steps = 1, LearningRate = 1e-9, Activations = Policy(policy) };
            await TrainingRun.Of(model, options, pack); // tables, and the number of calls
            int calls = kernel.Calls;
            long before = TensorCounting.Count();
            for (int bad = 1; bad <= calls; bad++)
            {
                int at = kernel.Calls + bad;
                kernel.BeforeCall = call => { if (call == at) throw new InvalidDataException("in mid-step"); };
                using (var trainer = new LongContextTrainer(model, options))
                    await Assert.ThrowsAsync<InvalidDataException>(() => trainer.TrainAsync(TrainingRun.InTurn(pack)));
                Assert.True(before == Tensor.TotalCount, $"{policy}, {adapter}, call {bad} of {calls}: {Tensor.TotalCount - before} tensors left");
                Assert.All(model.TrainableParameters, parameter => Assert.True(parameter is { Trains: false, Gradient: null, Value.requires_grad: false }));
            }
        }
    }

    /// <summary>cos and sin, which the model keeps from its first forward on.</summary>
    private const long RotaryTables = 2;
}
