using LongContext.Models;

namespace LongContext.Training.Memory;

/// <summary>Policies from the fastest to the smallest.</summary>
internal static class PolicyLadder
{
    private static readonly int[] Segments = [2, 4, 8];

    public static IEnumerable<ActivationPolicy> From(DecoderShape shape, bool onGpu)
    {
        yield return ActivationPolicy.KeepEverything;
        yield return new ActivationPolicy { Recompute = Recomputation.Mlp };
        yield return ActivationPolicy.RecomputeLayers;
        // Copies to the host run beside the computation; a segment's forward once more does not.
        if (onGpu) yield return new ActivationPolicy { OnHost = true };
        int[] everyNth = [.. Segments.Where(n => n < shape.LayerCount)];
        foreach (int n in everyNth) yield return new ActivationPolicy { EveryNthLayer = n, OnHost = onGpu };
        for (int heads = shape.KeyValueHeadCount / 2; heads >= 1; heads /= 2)
        {
            yield return new ActivationPolicy { OnHost = onGpu, KeyValueHeadsAtATime = heads };
            foreach (int n in everyNth) yield return new ActivationPolicy { EveryNthLayer = n, OnHost = onGpu, KeyValueHeadsAtATime = heads };
        }
    }
}
