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
}
