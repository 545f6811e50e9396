using System.Diagnostics;
using LongContext.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LongContext.Samples.QuickStart.Reporting;

/// <summary>A progress bar with loss, tokens per second, time left and memory; plain lines where the output is no terminal.</summary>
internal static class TrainingDisplay
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    public static async Task ShowAsync(string title, Func<IProgress<TrainingProgress>, Task<TrainingResult>> train)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            await train(new PlainLines(title));
            return;
        }

        var figures = new FiguresColumn();
        await AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), figures)
            .StartAsync(async context => await train(new TaskProgress(context.AddTask(title), figures)));
    }

    private static string Describe(TrainingProgress step) =>
        $"loss {step.Loss:0.000}  {step.TokensPerSecond:N0} tokens/s  {Figures.Time(step.Remaining)} left  {Figures.Megabytes(step.MemoryBytes)}";

    private sealed class PlainLines(string title) : IProgress<TrainingProgress>
    {
        private readonly Stopwatch sinceLast = new();

        public void Report(TrainingProgress value)
        {
            if (sinceLast.IsRunning && sinceLast.Elapsed < PlainInterval && value.Step < value.TotalSteps) return;
            sinceLast.Restart();
            const int width = 24;
            int filled = (int)((long)width * value.Step / value.TotalSteps);
            Console.WriteLine($"{title} [{new string('#', filled)}{new string('.', width - filled)}] {value.Step}/{value.TotalSteps}  {Describe(value)}");
        }
    }

    private sealed class TaskProgress(ProgressTask task, FiguresColumn figures) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            task.MaxValue = value.TotalSteps;
            figures.Latest = Describe(value);
            task.Value = value.Step;
        }
    }

    private sealed class FiguresColumn : ProgressColumn
    {
        public string Latest { get; set; } = string.Empty;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) => new Text(Latest);
    }
}
