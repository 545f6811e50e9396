using System.Globalization;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>A program that evaluates the model of a stub server until it is done or killed: folder, address, number of items, streaming or not.</summary>
internal static class KilledRun
{
    public const string Name = "killed-run";

    public static int Run(string[] args)
    {
        EvaluationRunOptions options = new() { Folder = args[1], Streaming = bool.Parse(args[4]) };
        EvaluationTask[] tasks = [new EchoTask("a", int.Parse(args[3], CultureInfo.InvariantCulture))];
        EvaluationReport report = new EvaluationRunner(options).RunAsync([RunModels.Of(StubServer.ClientOf(new Uri(args[2])))], tasks).GetAwaiter().GetResult();
        return report.Tasks[0] is { Mean: 1, Failed: 0 } ? 0 : 1;
    }
}
