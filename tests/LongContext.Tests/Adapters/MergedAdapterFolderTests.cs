using LongContext.Adapters;
using LongContext.Models;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>An adapter that is merged is saved as it was before: what of it lies in the model's weights is not written as its own.</summary>
public sealed class MergedAdapterFolderTests
{
    [Theory]
    [InlineData(LoraBias.All)]
    [InlineData(LoraBias.LoraOnly)]
    [InlineData(LoraBias.None)]
    public void Save_WhileMerged_WritesWhatItWroteBefore(LoraBias biases)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config() with { AttentionBias = true }, 5, new ModelLoadOptions { DataType = ScalarType.Float64 });
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 2, TargetModules = ["q_proj", "v_proj"], Bias = biases, OutputBias = true }, seed: 1);
        using (no_grad())
        {
            foreach (Parameter parameter in adapter.Trainable)
            {
                using Tensor noise = rand_like(parameter.Value);
                parameter.Value.AddInPlace(noise);
            }
        }

        adapter.Save(folder["apart"]);
        model.MergeAdapter();
        adapter.Save(folder["merged"]);
        Assert.Equal(File.ReadAllBytes(folder["apart/adapter_model.safetensors"]), File.ReadAllBytes(folder["merged/adapter_model.safetensors"]));
        model.UnmergeAdapter();
        adapter.Save(folder["again"]);
        Assert.Equal(File.ReadAllBytes(folder["apart/adapter_model.safetensors"]), File.ReadAllBytes(folder["again/adapter_model.safetensors"]));
    }
}
