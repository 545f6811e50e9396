// Shape suffixes: N target tokens.
using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>A pack's target tokens on the device: their rows, labels (int64) and weights (float32).</summary>
internal sealed record TargetTokens(Tensor Rows_N, Tensor Labels_N, Tensor Weights_N)
{
    public long Count => Rows_N.size(0);

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

        return rows.Count == 0 ? null : OnDevice(rows, targetLabels, targetWeights, device);
    }

    /// <summary>Rows that follow one another, each asked for one token, all of weight 1.</summary>
    /// <param name="firstRow">The first of the rows.</param>
    /// <param name="labels">What each is asked for, at least one.</param>
    /// <param name="device">Where to.</param>
    public static TargetTokens Of(int firstRow, ReadOnlySpan<int> labels, Device device)
    {
        var rows = new List<long>(labels.Length);
        var targetLabels = new List<long>(labels.Length);
        for (int i = 0; i < labels.Length; i++)
        {
            rows.Add(firstRow + i);
            targetLabels.Add(labels[i]);
        }

        return OnDevice(rows, targetLabels, [.. Enumerable.Repeat(1f, labels.Length)], device);
    }

    private static TargetTokens OnDevice(List<long> rows, List<long> targetLabels, List<float> targetWeights, Device device) =>
        new(
            HostTensors.OnDevice(tensor(rows.ToArray()), device),
            HostTensors.OnDevice(tensor(targetLabels.ToArray()), device),
            HostTensors.OnDevice(tensor(targetWeights.ToArray()), device));
}
