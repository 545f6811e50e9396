// Shape suffixes: N target tokens.
using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>A pack's target tokens on the device: their rows, labels (int64) and weights (float32).</summary>
internal sealed record TargetTokens(Tensor Rows_N, Tensor Labels_N, Tensor Weights_N)
{
    public long Count => Rows_N.shape[0];

    public TargetTokens Narrow(long start, long size) => new(Rows_N.narrow(0, start, size), Labels_N.narrow(0, start, size), Weights_N.narrow(0, start, size));

    /// <summary>The pack's targets; null where there are none.</summary>
    public static TargetTokens? Of(PackedBatch pack, Device device)
    {
        ReadOnlySpan<int> labels = pack.Labels.Span;
        ReadOnlySpan<float> weights = pack.LossWeights.Span;
        var rows = new List<long>(pack.TargetCount);
        var targetLabels = new List<long>(pack.TargetCount);
        var targetWeights = new List<float>(pack.TargetCount);
        for (int t = 0; t < labels.Length; t++)
        {
            if (labels[t] == PackedBatch.Ignored) continue;
            rows.Add(t);
            targetLabels.Add(labels[t]);
            targetWeights.Add(weights[t]);
        }

        if (rows.Count == 0) return null;
        return new TargetTokens(
            HostTensors.OnDevice(tensor(rows.ToArray()), device),
            HostTensors.OnDevice(tensor(targetLabels.ToArray()), device),
            HostTensors.OnDevice(tensor(targetWeights.ToArray()), device));
    }
}
