using System.Diagnostics;
using LongContext.Generation;

namespace LongContext.Benchmarks.Inference;

/// <summary>Times of an engine's answers, as a caller sees them.</summary>
internal static class EngineTiming
{
    /// <summary>From the first new token to the last, over the tokens between. Single tokens are no measure: where all cores compute, readers are woken by the system's clock.</summary>
    public static async Task<double> SecondsPerTokenAsync(GenerationEngine engine, GenerationRequest request)
    {
        long first = 0, last = 0;
        int count = 0;
        await foreach (GeneratedToken _ in engine.StreamAsync(request).ConfigureAwait(false))
        {
            last = Stopwatch.GetTimestamp();
            if (count++ == 0) first = last;
        }

        return Stopwatch.GetElapsedTime(first, last).TotalSeconds / (count - 1);
    }

    /// <summary>A greedy request that no token ends early.</summary>
    public static GenerationRequest Request(int[] prompt, int newTokens) =>
        new() { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = newTokens, StopTokenIds = [] } };

    /// <summary>The middle of some times.</summary>
    public static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
