using System.Diagnostics;
using LongContext.Training;

namespace LongContext.Samples.Shared;

/// <summary>A line every ten seconds: steps, loss, tokens per second, time left.</summary>
internal sealed class StepLines(string title) : IProgress<TrainingProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly Stopwatch sinceLast = new();

    public void Report(TrainingProgress value)
    {
        if (sinceLast.IsRunning && sinceLast.Elapsed < Interval && value.Step != value.TotalSteps) return;
        sinceLast.Restart();
        string fill = value.FillRate is { } rate ? $"  packs {rate:P0} full" : "";
        Console.WriteLine($"{title}  step {value.Step}/{value.TotalSteps}  loss {value.Loss:0.000}{fill}  {value.RecentTokensPerSecond:N0} tokens/s  {value.Remaining:m\\:ss} left");
    }
}
