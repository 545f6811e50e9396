using System.Globalization;
using System.Text.Json;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>
/// A program that evaluates the model of a stub server until it is done or killed: folder, address, number of items, streaming or not. With a file's name in place of the number it looks for
/// the effective length, and writes what it found into the file.
/// </summary>
internal static class KilledRun
{
    public const string Name = "killed-run";

    public static int Run(string[] args)
    {
        EvaluationRunOptions options = new()
        {
            Folder = args[1], Streaming = bool.Parse(args[4]), RetryDelay = TimeSpan.FromMilliseconds(1), MaximumRetryDelay = TimeSpan.FromMilliseconds(4),
            // Short, as some requests hang; but an answer that a busy machine has only not read yet would be asked for twice.
            RequestTimeout = TimeSpan.FromSeconds(5),
        };
        EvaluationModel model = RunModels.Of(StubServer.ClientOf(new Uri(args[2])));
        if (!int.TryParse(args[3], CultureInfo.InvariantCulture, out int items))
        {
            File.WriteAllText(args[3], Search(model, options));
            return 0;
        }

        EvaluationTask[] tasks = [new EchoTask("a", items)];
        EvaluationReport report = new EvaluationRunner(options).RunAsync([model], tasks).GetAwaiter().GetResult();
        return report.Tasks[0] is { Mean: 1, Failed: 0 } ? 0 : 1;
    }

    /// <summary>What a search finds, without times.</summary>
    public static string Search(EvaluationModel model, EvaluationRunOptions options)
    {
        EffectiveContextOptions search = new() { Tasks = [new SlopeTask("a"), new SlopeTask("b")], MinimumLength = 1_024, MaximumLength = 65_536, MaximumItems = 30, Run = options };
        EffectiveContextResult found = EffectiveContext.FindAsync(model, search).GetAwaiter().GetResult();
        return JsonSerializer.Serialize(found with { Began = default, Items = [.. found.Items.Select(item => item with { Duration = TimeSpan.Zero })] }, RunJson.Options);
    }
}
