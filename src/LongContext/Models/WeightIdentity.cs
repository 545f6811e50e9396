using System.IO.Hashing;
using System.Text;
using LongContext.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Tells a model apart from the same one with other weights, such as one trained further in the same folder.</summary>
/// <remarks>
/// A hash over the config in force, and of every tensor, an adapter's included, over name, type, shape and up to <see cref="SamplesOfTensor"/> values spread evenly over it: reading all of a
/// model's weights would take as long as loading them. Training changes almost all values of what it trains, so the samples see it.
/// </remarks>
internal static class WeightIdentity
{
    private const int SamplesOfTensor = 256;

    /// <summary>Of all that answers depend on.</summary>
    public static string Of(CausalLanguageModel model)
    {
        var hash = new XxHash128();
        using var noGradient = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Add(hash, model.Config.ToJson());
        Add(hash, model.PositionRemapping?.ToString());
        // What generation_config.json adds ends answers, too.
        if (model.StopTokenIds is { } stops && stops.Count > model.Config.EndOfSentenceTokenIds.Count) Add(hash, string.Join(' ', stops.Order()));
        foreach (Parameter parameter in model.Parameters.All) Add(hash, parameter);
        if (model.Adapter is { IsMerged: false } adapter)
        {
            foreach (LoraLayer layer in model.Parameters.Linears.Append(model.Head).Select(linear => linear.Adapter).OfType<LoraLayer>()) Add(hash, $"{layer.Module} × {layer.Scale:R}");
            if (model.EmbeddingAdapter is { } embedding) Add(hash, $"{embedding.Module} × {embedding.Scale:R}");
            foreach ((string name, Tensor tensor) in adapter.Tensors) Add(hash, name, tensor);
        }

        return Text(hash);
    }

    /// <summary>Of the weights under a model's adapter, which a run does not change: those of which the adapter has no copy of its own. Begins with their type.</summary>
    public static string OfBase(CausalLanguageModel model, LoraAdapter adapter)
    {
        var hash = new XxHash128();
        using var noGradient = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = [.. model.Parameters.All.Except(adapter.Trainable)];
        foreach (Parameter parameter in weights) Add(hash, parameter);
        string[] forms = [.. weights.Select(parameter => parameter.Quantized?.GetType().Name).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
        return $"{model.DataType}{string.Concat(forms.Select(form => $"+{form}"))} {Text(hash)}";
    }

    private static void Add(XxHash128 hash, Parameter parameter)
    {
        Add(hash, parameter.Name, parameter.Value);
        // The same codes may stand for other values.
        if (parameter.Quantized is { } quantized) Add(hash, $"{quantized.GetType().Name} of {quantized.ByteCount} bytes");
    }

    private static void Add(XxHash128 hash, string name, Tensor tensor)
    {
        Add(hash, name);
        Add(hash, tensor.dtype.ToString());
        Add(hash, string.Join(',', tensor.shape));
        long count = tensor.numel();
        if (count == 0) return;
        int samples = (int)Math.Min(count, SamplesOfTensor);
        long[] places = [.. Enumerable.Range(0, samples).Select(i => samples == 1 ? 0 : (long)((double)i * (count - 1) / (samples - 1)))];
        using Tensor at = torch.tensor(places, device: tensor.device);
        using Tensor values = tensor.detach().take(at).to(ScalarType.Float64).cpu();
        hash.Append(values.bytes);
    }

    private static void Add(XxHash128 hash, string? text)
    {
        hash.Append(BitConverter.GetBytes(text?.Length ?? -1));
        hash.Append(Encoding.UTF8.GetBytes(text ?? string.Empty));
    }

    private static string Text(XxHash128 hash) => Convert.ToHexStringLower(hash.GetCurrentHash());
}
