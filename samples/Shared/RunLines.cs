using System.Diagnostics;
using System.Globalization;
using LongContext.Evaluation;

namespace LongContext.Samples.Shared;

/// <summary>A line every ten seconds while models are asked, and one at the end.</summary>
internal sealed class RunLines(string title) : IProgress<EvaluationProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch sinceLast = new();
    private bool ended;

    public void Report(EvaluationProgress value)
    {
        bool ends = value.Done == value.Total;
        if (ended || (sinceLast.IsRunning && sinceLast.Elapsed < Interval && !ends)) return;
        ended = ends;
        sinceLast.Restart();
        string total = value.Total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all:N0}") : "";
        string kept = value.Resumed > 0 ? string.Create(CultureInfo.InvariantCulture, $", {value.Resumed:N0} kept from an earlier run") : "";
        string failed = value.Failed > 0 ? string.Create(CultureInfo.InvariantCulture, $", {value.Failed:N0} failed") : "";
        string cost = value.Cost > 0 ? string.Create(CultureInfo.InvariantCulture, $", cost {value.Cost:0.####}") : "";
        string left = value.Remaining is { } remaining && !ends ? $", {(remaining.TotalHours >= 1 ? $"{remaining:d\\.hh\\:mm}" : $"{remaining:m\\:ss}")} left" : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {value.Done:N0}{total} {(value.Done == 1 && value.Total is null ? "item" : "items")}{kept}{failed}{cost}{left}"));
    }
}
