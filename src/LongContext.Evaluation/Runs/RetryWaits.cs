using LongContext.Data;

namespace LongContext.Evaluation.Runs;

/// <summary>How long tries that failed are waited after.</summary>
internal static class RetryWaits
{
    /// <summary>The wait after a try, from 0: it doubles, at random up to half of it is taken off, and it is no shorter than what the server asks for.</summary>
    public static TimeSpan Of(EvaluationRunOptions options, UInt128 key, int attempt, TimeSpan? retryAfter)
    {
        double longest = Math.Min(options.MaximumRetryDelay.TotalSeconds, options.RetryDelay.TotalSeconds * Math.Pow(2, attempt));
        double part = new SplitMix64(options.Seed ^ (long)(ulong)key, attempt).NextDouble();
        TimeSpan own = TimeSpan.FromSeconds(longest * (1 - (part / 2)));
        return retryAfter is { } asked && asked > own ? asked : own;
    }
}
