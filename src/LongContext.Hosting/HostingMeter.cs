using System.Diagnostics.Metrics;
using LongContext.Generation.Scheduling;

namespace LongContext.Hosting;

/// <summary>What hosted models tell the process's listeners, by the meter "LongContext", in the form of the engine's. Every measurement has the model's name as "longcontext.hosting.model".</summary>
internal static class HostingMeter
{
    public const string Completed = "completed", Cancelled = "cancelled", Refused = "refused", Overloaded = "overloaded", Failed = "failed";

    private const string Prefix = "longcontext.hosting.";

    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000] };
    private static readonly InstrumentAdvice<double> Rates = new() { HistogramBucketBoundaries = [1, 3, 10, 30, 100, 300, 1000] };
    private static readonly InstrumentAdvice<long> Lengths = new() { HistogramBucketBoundaries = [128, 512, 2048, 8192, 32768, 131072, 524288] };

    private static readonly Meter Meter = new("LongContext", typeof(HostingMeter).Assembly.GetName().Version?.ToString());
    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(Prefix + "requests", "{request}", "Requests, by what came of them.");
    private static readonly UpDownCounter<long> RunningRequests = Meter.CreateUpDownCounter<long>(Prefix + "running", "{request}", "Requests that a model has been given.");
    private static readonly UpDownCounter<long> WaitingRequests = Meter.CreateUpDownCounter<long>(Prefix + "waiting", "{request}", "Requests that wait for a model.");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram(Prefix + "request.duration", "s", "Time of a request, its wait included.", tags: null, Seconds);
    private static readonly Histogram<double> QueueDuration = Meter.CreateHistogram(Prefix + "queue.duration", "s", "Time that a request waited for its place.", tags: null, Seconds);
    private static readonly Histogram<double> TimeToFirst = Meter.CreateHistogram(Prefix + "first_token.duration", "s", "Time from a request to its answer's first piece, in streams.", tags: null, Seconds);
    private static readonly Histogram<double> Rate = Meter.CreateHistogram(Prefix + "token_rate", "{token}/s", "Tokens a second of an answer after its first, in streams.", tags: null, Rates);
    private static readonly Counter<long> PromptTokens = Meter.CreateCounter<long>(Prefix + "prompt.tokens", "{token}", "Tokens of prompts.");
    private static readonly Counter<long> ReusedTokens = Meter.CreateCounter<long>(Prefix + "reused.tokens", "{token}", "Tokens of prompts that were computed before.");
    private static readonly Counter<long> GeneratedTokens = Meter.CreateCounter<long>(Prefix + "tokens", "{token}", "Tokens made.");
    private static readonly Histogram<long> PromptLength = Meter.CreateHistogram(Prefix + "prompt.length", "{token}", "Tokens of a prompt.", tags: null, Lengths);
    private static readonly Histogram<double> LoadDuration = Meter.CreateHistogram(Prefix + "load.duration", "s", "Time of loading a model.", tags: null, Seconds);

    public static void Waiting(string model, int change) => Guarded(() => WaitingRequests.Add(change, Tag(model)));

    public static void Running(string model, int change) => Guarded(() => RunningRequests.Add(change, Tag(model)));

    public static void Queued(string model, TimeSpan time) => Guarded(() => QueueDuration.Record(time.TotalSeconds, Tag(model)));

    public static void FirstToken(string model, TimeSpan time) => Guarded(() => TimeToFirst.Record(time.TotalSeconds, Tag(model)));

    public static void TokenRate(string model, double rate) => Guarded(() => Rate.Record(rate, Tag(model)));

    public static void Loaded(string model, TimeSpan time) => Guarded(() => LoadDuration.Record(time.TotalSeconds, Tag(model)));

    public static void Tokens(string model, long prompt, long reused, long made) => Guarded(() =>
    {
        PromptLength.Record(prompt, Tag(model));
        PromptTokens.Add(prompt, Tag(model));
        ReusedTokens.Add(reused, Tag(model));
        GeneratedTokens.Add(made, Tag(model));
    });

    public static void Ended(string model, string outcome, TimeSpan time) => Guarded(() =>
    {
        KeyValuePair<string, object?> how = new(Prefix + "outcome", outcome);
        Requests.Add(1, Tag(model), how);
        Duration.Record(time.TotalSeconds, Tag(model), how);
    });

    /// <summary>Listeners run on the thread that counts: a fault of theirs must not come between a request and its end, nor keep its place from those behind it.</summary>
    private static void Guarded(Action measure)
    {
        try
        {
            measure();
        }
        catch (Exception e) when (GenerationMeter.IsListeners(e))
        {
        }
    }

    private static KeyValuePair<string, object?> Tag(string model) => new(Prefix + "model", model);
}
