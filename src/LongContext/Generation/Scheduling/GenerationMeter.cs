using System.Diagnostics.Metrics;

namespace LongContext.Generation.Scheduling;

/// <summary>What engines tell the process's listeners: instruments of the meter "LongContext", with names and units as OpenTelemetry has them.</summary>
internal static class GenerationMeter
{
    private const string Prefix = "longcontext.generation.";

    /// <summary>From tiny models to prompts of a million tokens.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000] };

    private static readonly Meter Meter = new("LongContext", typeof(GenerationMeter).Assembly.GetName().Version?.ToString());
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(Prefix + "requests", "{request}", "Requests that ended, by how.");
    private static readonly Counter<long> PromptTokens = Meter.CreateCounter<long>(Prefix + "prompt.tokens", "{token}", "Tokens of prompts, of requests that completed.");
    private static readonly Counter<long> ReusedTokens = Meter.CreateCounter<long>(Prefix + "reused.tokens", "{token}", "Tokens of prompts whose keys and values were there already.");
    private static readonly Counter<long> GeneratedTokens = Meter.CreateCounter<long>(Prefix + "tokens", "{token}", "Tokens made.");
    private static readonly Counter<long> Preemptions = Meter.CreateCounter<long>(Prefix + "preemptions", "{preemption}", "Times that a request's memory was given to another.");
    private static readonly UpDownCounter<long> Running = Meter.CreateUpDownCounter<long>(Prefix + "running", "{request}", "Requests that are computed.");
    private static readonly UpDownCounter<long> Waiting = Meter.CreateUpDownCounter<long>(Prefix + "waiting", "{request}", "Requests that wait.");
    private static readonly UpDownCounter<long> CacheBytes = Meter.CreateUpDownCounter<long>(Prefix + "cache.committed", "By", "Memory that keys and values hold.");
    private static readonly Histogram<double> QueueTime = Meter.CreateHistogram(Prefix + "queue.duration", "s", "Time before a request is begun.", tags: null, Seconds);
    private static readonly Histogram<double> FirstToken = Meter.CreateHistogram(Prefix + "first_token.duration", "s", "Time to a request's first token.", tags: null, Seconds);
    private static readonly Histogram<double> Duration = Meter.CreateHistogram(Prefix + "request.duration", "s", "Time of a request.", tags: null, Seconds);

    /// <summary>A request came to its end.</summary>
    public static void Completed(GenerationResult result)
    {
        Ended(result.FinishReason == GenerationFinishReason.Stop ? "stop" : "length");
        try
        {
            PromptTokens.Add(result.PromptTokens);
            ReusedTokens.Add(result.ReusedTokens);
            GeneratedTokens.Add(result.Tokens.Count);
            if (result.Preemptions > 0) Preemptions.Add(result.Preemptions);
            QueueTime.Record(result.QueueTime.TotalSeconds);
            FirstToken.Record(result.TimeToFirstToken.TotalSeconds);
            Duration.Record(result.Duration.TotalSeconds);
        }
        catch (Exception e) when (IsListeners(e))
        {
        }
    }

    /// <summary>A request ended.</summary>
    /// <param name="how">stop, length, cancelled or failed.</param>
    public static void Ended(string how)
    {
        try
        {
            Requests.Add(1, new KeyValuePair<string, object?>(Prefix + "outcome", how));
        }
        catch (Exception e) when (IsListeners(e))
        {
        }
    }

    /// <summary>How the number of requests and the memory have changed.</summary>
    public static void Changed(long running, long waiting, long bytes)
    {
        try
        {
            if (running != 0) Running.Add(running);
            if (waiting != 0) Waiting.Add(waiting);
            if (bytes != 0) CacheBytes.Add(bytes);
        }
        catch (Exception e) when (IsListeners(e))
        {
        }
    }

    /// <summary>Whether an exception may be a listener's: they run on the thread that counts, here the engine's, and a fault of theirs must not end it.</summary>
    public static bool IsListeners(Exception exception) => exception is not OutOfMemoryException;
}
