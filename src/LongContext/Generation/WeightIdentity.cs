using System.IO.Hashing;
using System.Text;
using LongContext.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Generation;

/// <summary>Tells a model apart from the same one with other weights, such as one trained further in the same folder.</summary>
/// <remarks>
/// A hash over the config in force, and of every tensor, an adapter's included, over name, type, shape and up to <see cref="SamplesOfTensor"/> values spread evenly over it: reading all of a
/// model's weights would take as long as loading them. Training changes almost all values of what it trains, so the samples see it.
/// </remarks>
internal static class WeightIdentity
{
    private const int SamplesOfTensor = 256;

    public static string Of(CausalLanguageModel model)
    {
        XxHash128 hash = new();
        void Text(string? text)
        {
            hash.Append(BitConverter.GetBytes(text?.Length ?? -1));
            hash.Append(Encoding.UTF8.GetBytes(text ?? string.Empty));
        }

        using var noGradient = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Text(model.Config.ToJson());
        Text(model.PositionRemapping?.ToString());
        // What generation_config.json adds ends answers, too.
        if (model.StopTokenIds is { } stops && stops.Count > model.Config.EndOfSentenceTokenIds.Count) Text(string.Join(' ', stops.Order()));
        foreach (Parameter parameter in model.Parameters.All) Add(parameter.Name, parameter.Value);
        if (model.Adapter is { IsMerged: false } adapter)
        {
            Text(adapter.Options.ToString());
            foreach ((string name, Tensor tensor) in adapter.Tensors) Add(name, tensor);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());

        void Add(string name, Tensor tensor)
        {
            Text(name);
            Text(tensor.dtype.ToString());
            Text(string.Join(',', tensor.shape));
            long count = tensor.numel();
            if (count == 0) return;
            int samples = (int)Math.Min(count, SamplesOfTensor);
            long[] places = [.. Enumerable.Range(0, samples).Select(i => samples == 1 ? 0 : (long)((double)i * (count - 1) / (samples - 1)))];
            using Tensor at = torch.tensor(places, device: tensor.device);
            using Tensor values = tensor.detach().take(at).to(ScalarType.Float64).cpu();
            hash.Append(values.bytes);
        }
    }
}
