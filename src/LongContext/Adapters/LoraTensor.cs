using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>A tensor of an adapter: PEFT's name for it and what it must look like.</summary>
/// <param name="Name">Its name in adapter_model.safetensors.</param>
/// <param name="Kind">Its part.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Layer">The layer it belongs to; null for weights of the base.</param>
/// <param name="Weight">The base's weight that it stands for; null for a layer's.</param>
internal sealed record LoraTensor(string Name, LoraTensorKind Kind, long[] Shape, LoraPlanLayer? Layer, string? Weight)
{
    /// <summary>What PEFT puts before the model's own names.</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>Everything that an adapter consists of, layer by layer, a layer's magnitude last.</summary>
    public static IEnumerable<LoraTensor> All(LoraPlan plan, CausalLanguageModel model)
    {
        foreach (LoraPlanLayer layer in plan.Layers)
        {
            foreach (LoraTensor tensor in OfLayer(layer, plan.Options)) yield return tensor;
        }

        foreach (string weight in plan.SavedWeights)
        {
            string known = model.Parameters.ContainsKey(weight) ? weight : DecoderTensors.Embedding; // a head that is tied till now
            yield return new LoraTensor(Prefix + weight, LoraTensorKind.Saved, model.Parameters.Find(known).Shape, null, weight);
        }

        foreach (string bias in plan.Biases)
        {
            string module = bias[..^".bias".Length];
            bool adapted = plan.Layers.Any(layer => layer.Module == module);
            yield return new LoraTensor(Prefix + module + (adapted ? ".base_layer.bias" : ".bias"), LoraTensorKind.Saved, model.Parameters.Find(bias).Shape, null, bias);
        }
    }

    /// <summary>Names under which other versions of PEFT and transformers wrote it.</summary>
    public IEnumerable<string> OtherNames()
    {
        if (Kind == LoraTensorKind.Magnitude) yield return Name + ".weight";
        if (Weight is not null && Name.Contains(".base_layer.", StringComparison.Ordinal)) yield return Prefix + Weight;
    }

    private static IEnumerable<LoraTensor> OfLayer(LoraPlanLayer layer, LoraOptions options)
    {
        string prefix = Prefix + layer.Module + ".lora_";
        if (layer.IsEmbedding)
        {
            yield return new LoraTensor(prefix + "embedding_A", LoraTensorKind.A, [layer.Rank, layer.Inputs], layer, null);
            yield return new LoraTensor(prefix + "embedding_B", LoraTensorKind.B, [layer.Outputs, layer.Rank], layer, null);
            yield break;
        }

        yield return new LoraTensor(prefix + "A.weight", LoraTensorKind.A, [layer.Rank, layer.Inputs], layer, null);
        yield return new LoraTensor(prefix + "B.weight", LoraTensorKind.B, [layer.Outputs, layer.Rank], layer, null);
        if (options.OutputBias) yield return new LoraTensor(prefix + "B.bias", LoraTensorKind.Bias, [layer.Outputs], layer, null);
        if (options.WeightDecomposed) yield return new LoraTensor(prefix + "magnitude_vector", LoraTensorKind.Magnitude, [layer.Outputs], layer, null);
    }
}
