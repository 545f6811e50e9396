using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace LongContext.Evaluation.Runs;

/// <summary>What runs tell those who listen: an activity source and a meter, both named "LongContext".</summary>
internal static class RunTelemetry
{
    public const string Name = "LongContext";

    public static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    /// <summary>Seconds of one try, with the model's name and whether it succeeded.</summary>
    public static readonly Histogram<double> RequestDuration = Meter.CreateHistogram<double>("longcontext.evaluation.request.duration", "s", "How long requests to models take.");

    /// <summary>Tokens, with the model's name and "input" or "output".</summary>
    public static readonly Counter<long> Tokens = Meter.CreateCounter<long>("longcontext.evaluation.tokens", "{token}", "Tokens to and from models.");

    public static readonly Counter<long> Retries = Meter.CreateCounter<long>("longcontext.evaluation.retries", "{retry}", "Tries that failed and were made again.");

    /// <summary>Items, with the model's name, the task's name and what became of them.</summary>
    public static readonly Counter<long> Items = Meter.CreateCounter<long>("longcontext.evaluation.items", "{item}", "Items evaluated.");
}
