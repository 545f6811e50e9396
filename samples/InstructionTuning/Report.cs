using System.Text.Json;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Training.Evaluations;
using Spectre.Console;

namespace LongContext.Samples.InstructionTuning;

/// <summary>Before and after, as tables and as report.json.</summary>
internal sealed class Report(JobOptions options, RecipeReport report, IReadOnlyList<Question> questions, TimeSpan elapsed)
{
    private const int Examples = 3, LongestShown = 60;
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private double RightBefore => questions.Average(question => question.Before == question.Right ? 1.0 : 0);

    private double RightAfter => questions.Average(question => question.After == question.Right ? 1.0 : 0);

    public void ShowAndWrite()
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
        var table = new Table().Border(TableBorder.Rounded).Title($"{questions.Count} held-out conversations").AddColumn("").AddColumn(new TableColumn("before").RightAligned()).AddColumn(new TableColumn("after").RightAligned());
        table.AddRow("answers right, word for word", RightBefore.ToString("P0"), RightAfter.ToString("P0"));
        Dictionary<string, double> before = Values(report.Before).ToDictionary();
        foreach ((string name, double value) in Values(report.After))
            table.AddRow(Markup.Escape(name == "loss" ? "loss of an answer's token, in nats" : $"  with {name["loss@".Length..]} tokens before it"), before.TryGetValue(name, out double was) ? was.ToString("0.000") : "", value.ToString("0.000"));
        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
        foreach (Question question in questions.Take(Examples))
        {
            AnsiConsole.WriteLine($"Asked:  {Shown(question.Asked)}");
            AnsiConsole.WriteLine($"Right:  {Shown(question.Right)}");
            AnsiConsole.WriteLine($"Before: {Shown(question.Before)}");
            AnsiConsole.WriteLine($"After:  {Shown(question.After)}");
            AnsiConsole.WriteLine();
        }

        Write();
    }

    private void Write()
    {
        Directory.CreateDirectory(options.Output);
        string path = Path.Combine(options.Output, "report.json");
        File.WriteAllText(path, JsonSerializer.Serialize(
            new
            {
                seconds = elapsed.TotalSeconds,
                steps = report.Training.Steps,
                tokens = report.Training.Tokens,
                report.Losses,
                fillRate = report.Packing.FillRate,
                skipped = report.Packing.Skipped,
                report.ResumedFrom,
                report.SavedTo,
                report.SavedAdapter,
                rightBefore = RightBefore,
                rightAfter = RightAfter,
                lossBefore = Values(report.Before).ToDictionary(),
                lossAfter = Values(report.After).ToDictionary(),
                questions,
            },
            Json));
        RecipeLines.Show(report, elapsed, $"; {report.Packing.Skipped} conversations were longer than the context and left out", path, "a PEFT folder");
    }

    private static IReadOnlyList<KeyValuePair<string, double>> Values(IReadOnlyList<EvaluationOutcome> outcomes) =>
        outcomes.FirstOrDefault(outcome => outcome.Name == "held_out_answers")?.Result.Values ?? [];

    /// <summary>The end of a long text in one line: that is where the question stands.</summary>
    private static string Shown(string text) => (text.Length <= LongestShown ? text : "… " + text[^LongestShown..]).ReplaceLineEndings(" ");
}
