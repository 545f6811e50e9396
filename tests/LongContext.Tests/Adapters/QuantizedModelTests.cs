using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>Models with quantised weights: they compute what their dequantised weights do, and adapters train on them.</summary>
public sealed class QuantizedModelTests
{
    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);

    public static IEnumerable<TheoryDataRow<WeightQuantization, ScalarType>> Kinds() =>
        from kind in new[] { WeightQuantization.Nf4, WeightQuantization.Nf4DoubleQuantized, WeightQuantization.EightBit, WeightQuantization.FourBit, WeightQuantization.Float8 }
        from type in new[] { ScalarType.Float32, ScalarType.BFloat16 }
        select new TheoryDataRow<WeightQuantization, ScalarType>(kind, type);

    [Theory, MemberData(nameof(Kinds))]
    public void Save_Quantized_WritesWhatItComputesWith(WeightQuantization kind, ScalarType type)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder(), written = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel plain = TinyModels.Create(dataType: type)) plain.Save(folder.Path);
        using CausalLanguageModel quantized = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { WeightQuantization = kind });
        using CausalLanguageModel original = CausalLanguageModel.Load(folder.Path);
        quantized.Save(written.Path);
        using CausalLanguageModel dequantized = CausalLanguageModel.Load(written.Path);

        Assert.Equal(original.Parameters.Keys, dequantized.Parameters.Keys);
        Assert.Equal(original.Parameters.ElementCount, quantized.Parameters.ElementCount);
        Assert.Equal(TinyModels.Logits(dequantized, Pack), TinyModels.Logits(quantized, Pack));
        double[] exact = TinyModels.Logits(original, Pack), actual = TinyModels.Logits(quantized, Pack);
        Assert.NotEqual(exact, actual);
        foreach ((string name, Tensor tensor) in quantized.Parameters)
        {
            bool isMatrixOfALayer = name.Contains("layers", StringComparison.Ordinal) && !name.Contains("norm", StringComparison.Ordinal);
            Assert.Equal(isMatrixOfALayer ? kind == WeightQuantization.EightBit ? ScalarType.Int8 : ScalarType.Byte : type, tensor.dtype);
            using Tensor values = quantized.Parameters.Dequantize(name, type);
            Assert.True(values.Equals(dequantized.Parameters[name]), name);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void AddAdapter_OnQuantized_IsThatOnTheDequantizedWeights(WeightQuantization kind, ScalarType type)
    {
        using TemporaryFolder written = TestPaths.NewTemporaryFolder(), adapters = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel quantized = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { DataType = type, WeightQuantization = kind });
        quantized.Save(written.Path);
        using CausalLanguageModel dequantized = CausalLanguageModel.Load(written.Path);
        LoraAdapter adapter = quantized.AddAdapter(new LoraOptions { Rank = 3, WeightDecomposed = true, ModulesToSave = ["norm"] }, 1);
        LoraAdapterTests.Disturb(adapter);
        adapter.Save(adapters.Path);
        LoraAdapter same = LoraAdapter.Load(adapters.Path, dequantized);
        Assert.Equal(TinyModels.Logits(dequantized, Pack), TinyModels.Logits(quantized, Pack));

        double[][] expected = Gradients(dequantized, same), actual = Gradients(quantized, adapter);
        for (int i = 0; i < expected.Length; i++) TinyModels.AssertClose(expected[i], actual[i], 1e-6, adapter.Trainable[i].Name);
        Assert.Contains(expected, gradient => gradient.Any(value => value != 0));
    }

    [Fact]
    public void Quantized_WhatNeedsTheWeights_IsRefusedWithTheReason()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { WeightQuantization = WeightQuantization.Nf4 });
        Assert.Contains("add an adapter", Assert.Throws<InvalidOperationException>(() => model.TrainableParameters).Message, StringComparison.Ordinal);
        Assert.Contains("quantised", Assert.Throws<ArgumentException>(() => model.AddAdapter(new LoraOptions { TargetModules = ["q_proj"], ModulesToSave = ["mlp"] }, 1)).Message, StringComparison.Ordinal);
        double[] before = TinyModels.Logits(model, Pack);
        LoraAdapterTests.Disturb(model.AddAdapter(new LoraOptions(), 1));
        double[] adapted = TinyModels.Logits(model, Pack);
        Assert.Contains("without WeightQuantization", Assert.Throws<InvalidOperationException>(model.MergeAdapter).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(model.MergeAndRemoveAdapter);
        Assert.Equal(adapted, TinyModels.Logits(model, Pack));
        Assert.Equal(model.Adapter!.Trainable, model.TrainableParameters);
        model.RemoveAdapter();
        Assert.Equal(before, TinyModels.Logits(model, Pack));
    }

    private static double[][] Gradients(CausalLanguageModel model, LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        foreach (Parameter parameter in adapter.Trainable) parameter.Value.requires_grad_(true);
        using PackedInputs inputs = PackedInputs.Create(Pack);
        model.Logits(model.Forward(inputs)).to(ScalarType.Float32).logsumexp(1).sum().backward();
        double[][] gradients = [.. adapter.Trainable.Select(parameter => TinyModels.Doubles(parameter.Value.grad!))];
        foreach (Parameter parameter in adapter.Trainable) parameter.Value.requires_grad_(false);
        return gradients;
    }
}
