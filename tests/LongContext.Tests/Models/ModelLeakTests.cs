using LongContext.Attention;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

[Collection(TensorCounting.Name)]
public sealed class ModelLeakTests
{
    [Fact]
    public void Load_ThatFails_LeavesNoTensor()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        ModelCheckpointTests.Rewrite(folder.Path, (name, tensor) => name == "lm_head.weight" ? null : tensor);
        long before = TensorCounting.Count();
        for (int i = 0; i < 5; i++) Assert.Throws<CheckpointFormatException>(() => CausalLanguageModel.Load(folder.Path));
        // Not even for the finalizers to find: counted without collecting.
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Dispose_AfterUse_LeavesNoTensor()
    {
        using TemporaryFolder folder = ModelCheckpointTests.SavedModel(out _);
        long before = TensorCounting.Count();
        using (CausalLanguageModel model = CausalLanguageModel.Load(folder.Path))
        {
            TinyModels.Logits(model, PackedBatch.Create([TinyModels.Document(30, 1), TinyModels.Document(300, 2)]));
            new TextGenerator(model).Generate([3, 4, 5], new GenerationOptions { MaximumNewTokens = 100, StopTokenIds = [] });
            model.Save(folder["again"]);
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Forward_AndForwardCached_LeaveOnlyTheirResult()
    {
        using CausalLanguageModel model = TinyModels.Create();
        using var cache = new KeyValueCache(model.Config.LayerCount);
        using PackedInputs inputs = PackedInputs.Create(PackedBatch.Create([TinyModels.Document(30, 1), TinyModels.Document(10, 2)]));
        Tensor[] first = [model.Forward(inputs), model.ForwardCached([3, 4], cache)]; // grows tables and cache
        long before = TensorCounting.Count();
        Tensor[] second = [model.Forward(inputs), model.ForwardCached([3, 4], cache)];
        Assert.Equal(before + 2, Tensor.TotalCount);
        foreach (Tensor tensor in first.Concat(second)) tensor.Dispose();
    }

    [Fact]
    public void Kernel_Forward_LeavesOnlyItsResult()
    {
        using Tensor q = randn(20, 4, 8), k = randn(20, 2, 8), v = randn(20, 2, 8);
        var kernel = new LibtorchAttentionKernel();
        long before = TensorCounting.Count();
        foreach (int? window in new int?[] { null, 3 })
        {
            foreach (double? cap in new double?[] { null, 2.0 })
            {
                var arguments = new AttentionArguments { CumulativeSequenceLengths = new[] { 0, 5, 5, 20 }, SlidingWindow = window, SoftCap = cap };
                kernel.Forward(q, k, v, arguments).Dispose();
                (Tensor output, Tensor logSumExp) = kernel.ForwardWithLogSumExp(q, k, v, arguments);
                output.Dispose();
                logSumExp.Dispose();
            }
        }

        Assert.Equal(before, Tensor.TotalCount);
    }
}
