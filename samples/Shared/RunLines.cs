using System.Diagnostics;
using System.Globalization;
using LongContext.Evaluation;

namespace LongContext.Samples.Shared;

/// <summary>A line every ten seconds while models are asked.</summary>
internal sealed class RunLines(string title) : IProgress<EvaluationProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch sinceLast = new();

    public void Report(EvaluationProgress value)
    {
        if (sinceLast.IsRunning && sinceLast.Elapsed < Interval) return;
        sinceLast.Restart();
        string total = value.Total is { } all ? string.Create(CultureInfo.InvariantCulture, $" of {all:N0}") : "";
        string left = value.Remaining is { } remaining ? $", {remaining:m\\:ss} left" : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{title}: {value.Done:N0}{total} items{left}"));
    }
}
