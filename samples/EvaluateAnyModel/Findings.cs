using System.Globalization;
using LongContext.Evaluation;

namespace LongContext.Samples.EvaluateAnyModel;

/// <summary>Shows what was found, writes the report and says where it lies.</summary>
internal static class Findings
{
    /// <summary>Shows and writes.</summary>
    /// <param name="report">The run's.</param>
    /// <param name="effective">Effective lengths, which the report has beside its settings.</param>
    /// <param name="folder">Where the report goes.</param>
    public static void Show(EvaluationReport report, IReadOnlyList<EffectiveContextResult> effective, string folder)
    {
        KeyValuePair<string, string>[] lengths = [.. effective.SelectMany(Lines), .. effective.Take(1).Select(Meaning)];
        report = report with { Settings = [.. report.Settings, .. lengths] };
        Console.WriteLine();
        Console.WriteLine(report.ToText().TrimEnd() + "\n");
        foreach ((string what, string found) in lengths) Console.WriteLine($"{what}: {found}.");
        report.Write(folder);
        Console.WriteLine($"Curves, maps of depth × length and single answers: {Path.GetFullPath(Path.Combine(folder, "report.html"))}; beside it the same for programs.");
        Console.WriteLine("The answers are kept there: the same command asks only what has no answer yet; another --output FOLDER asks all anew.");
    }

    private static IEnumerable<KeyValuePair<string, string>> Lines(EffectiveContextResult result)
    {
        foreach (EffectiveLength found in result.Tasks.Count > 1 ? [.. result.Tasks, result.Average] : result.Tasks)
        {
            // Such as "niah: 1,024 tokens (at least 900, less than 1,200)".
            yield return new($"Effective length of {result.Model}, {found.Task}", found.ToString()[(found.Task.Length + 2)..]);
        }
    }

    private static KeyValuePair<string, string> Meaning(EffectiveContextResult result) => new(
        "Effective length",
        string.Create(
            CultureInfo.InvariantCulture,
            $"the longest length whose mean score is {result.Threshold:0.###} or more; in brackets between which lengths the model truly falls below it, with {100 * result.ConfidenceLevel:0.#} % confidence"));
}
