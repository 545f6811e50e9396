using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>Native memory: nothing is left of an adapter's life.</summary>
[Collection(TensorCounting.Name)]
public sealed class LoraLeakTests
{
    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Adapter_AddedTrainedMergedAndRemoved_LeavesNothing(bool tied)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(tied: tied);
        Life(model, folder.Path);
        long before = TensorCounting.Count();
        for (int i = 0; i < 3; i++) Life(model, folder.Path);
        Assert.Equal(before, Tensor.TotalCount); // not collected: nothing may be left to a finalizer
    }

    [Fact]
    public void Load_DamagedFolder_LeavesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions { Rank = 2 }, 1).Save(folder.Path);
        model.RemoveAdapter();
        string config = Path.Combine(folder.Path, "adapter_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"r\": 2", "\"r\": 3", StringComparison.Ordinal));
        Assert.ThrowsAny<Exception>(() => LoraAdapter.Load(folder.Path, model));
        long before = TensorCounting.Count();
        for (int i = 0; i < 3; i++) Assert.ThrowsAny<Exception>(() => LoraAdapter.Load(folder.Path, model));
        Assert.Equal(before, Tensor.TotalCount); // not collected: nothing may be left to a finalizer
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    [InlineData(WeightQuantization.EightBit)]
    public void QuantizedModel_LoadedRunAndDisposed_LeavesNothing(WeightQuantization kind)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel plain = TinyModels.Create(dataType: ScalarType.Float32)) plain.Save(folder.Path);
        Run();
        long before = TensorCounting.Count();
        for (int i = 0; i < 3; i++) Run();
        Assert.Equal(before, Tensor.TotalCount); // not collected: nothing may be left to a finalizer

        void Run()
        {
            using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { WeightQuantization = kind });
            model.AddAdapter(new LoraOptions { WeightDecomposed = true }, 1);
            TinyModels.Logits(model, Pack);
            Backward(model);
        }
    }

    /// <summary>Attached, run, trained a step, merged, unmerged, saved, removed; loaded and merged for good on a copy.</summary>
    private static void Life(CausalLanguageModel model, string folder)
    {
        foreach (bool decomposed in new[] { false, true })
        {
            LoraAdapter adapter = model.AddAdapter(LoraAdapterTests.Everything(decomposed), 1);
            TinyModels.Logits(model, Pack);
            Backward(model);
            model.MergeAdapter();
            model.UnmergeAdapter();
            adapter.Save(folder);
            model.MergeAdapter();
            model.RemoveAdapter();
        }

        using CausalLanguageModel copy = TinyModels.Create(tied: model.Config.TieWordEmbeddings);
        LoraAdapter.Load(folder, copy);
        copy.MergeAndRemoveAdapter();
        TinyModels.Logits(copy, Pack);
    }

    private static void Backward(CausalLanguageModel model)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (Linear linear in model.Parameters.Linears)
            linear.Backward(ones(5, linear.Inputs, dtype: model.DataType), ones(5, linear.Outputs, dtype: model.DataType), new LinearCall(3));
        foreach (Parameter parameter in model.TrainableParameters)
        {
            if (parameter.Gradient is { } gradient) parameter.Value.SubtractInPlace(gradient.to(parameter.Value.dtype));
        }
    }
}
