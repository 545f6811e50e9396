using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>The values of a new adapter, drawn on the host in the order of its tensors, so that a seed gives the same ones everywhere.</summary>
internal sealed class LoraInitializer(CausalLanguageModel model, LoraInitialization initialization, int seed) : IDisposable
{
    private readonly Generator generator = new((ulong)seed, CPU);

    /// <summary>The factors of the layer whose magnitude comes next.</summary>
    private Tensor? a_RI, b_OR;

    public Tensor Make(LoraTensor tensor)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor made = tensor.Kind switch
        {
            LoraTensorKind.Saved => model.Parameters[model.Parameters.ContainsKey(tensor.Weight!) ? tensor.Weight! : DecoderTensors.Embedding].clone(),
            LoraTensorKind.Magnitude => Norms(tensor),
            _ => Draw(tensor).to(LoraAdapter.TypeFor(model)).to(model.Device),
        };
        if (tensor.Kind == LoraTensorKind.A) a_RI = made;
        if (tensor.Kind == LoraTensorKind.B) b_OR = made;
        return made.MoveToOuterDisposeScope();
    }

    public void Dispose() => generator.Dispose();

    private Tensor Draw(LoraTensor tensor)
    {
        bool isRandom = initialization == LoraInitialization.Random;
        LoraPlanLayer layer = tensor.Layer!;
        if (layer.IsEmbedding)
        {
            // PEFT draws an embedding's B, of deviation 1, and leaves A at zero.
            return tensor.Kind == LoraTensorKind.B || isRandom ? TensorArithmetic.Normal(tensor.Shape, 1, generator) : zeros(tensor.Shape);
        }

        if (tensor.Kind != LoraTensorKind.A) return isRandom ? Uniform(tensor.Shape, layer.Rank) : zeros(tensor.Shape);
        return initialization == LoraInitialization.Gaussian ? TensorArithmetic.Normal(tensor.Shape, 1.0 / layer.Rank, generator) : Uniform(tensor.Shape, layer.Inputs);
    }

    /// <summary>Uniform in ±1/√inputs.</summary>
    private Tensor Uniform(long[] shape, long inputs)
    {
        double bound = 1 / Math.Sqrt(inputs);
        return rand(shape, dtype: ScalarType.Float32, generator: generator).Times(2 * bound).AddInPlace(-bound);
    }

    private Tensor Norms(LoraTensor tensor)
    {
        LoraPlanLayer layer = tensor.Layer!;
        var lora = new LoraLayer(layer.Module, new Parameter("A", a_RI!), new Parameter("B", b_OR!), null, null, layer.Scale, dropout: 0);
        return lora.Norms(layer.Linear!.WeightRows(0, layer.Outputs, LoraAdapter.TypeFor(model)), 0, layer.Outputs);
    }
}
