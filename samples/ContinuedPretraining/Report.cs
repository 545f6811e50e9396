using System.Text.Json;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Training.Evaluations;
using Spectre.Console;

namespace LongContext.Samples.ContinuedPretraining;

/// <summary>Before and after, as tables and as report.json.</summary>
internal sealed class Report(JobOptions options, int window, IReadOnlyList<EvaluationOutcome> asItIs, RecipeReport report, TimeSpan elapsed)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private (string Name, IReadOnlyList<EvaluationOutcome> Outcomes)[] Rows =>
    [
        ("as it is", asItIs),
        ($"extended to {options.ContextLength:N0}, not trained", report.Before),
        ($"extended and trained, {report.Training.Steps:N0} steps", report.After),
    ];

    public void ShowAndWrite()
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
        AnsiConsole.WriteLine();
        Show("Perplexity of held-out text by its length", "perplexity_by_length", "perplexity@", "tokens");
        AnsiConsole.WriteLine($"The model was trained on texts of up to {window:N0} tokens. A model that uses its context foresees more of a longer text: its perplexity falls from left to right. Lower is better.");
        if (options.Data is null)
            AnsiConsole.WriteLine("Of the made-up text a tale of random words cannot be foreseen when it is told for the first time (perplexity about 1,000, or worse for a model that is sure of something else), and word for word when it is told again.");
        AnsiConsole.WriteLine();
        Show("Loss of held-out text by place, in nats", "loss_by_position", "loss@", "tokens before");
        AnsiConsole.WriteLine("Each column is of the tokens that have so many tokens before them. Where it stops falling, the model stops using what it has read.");
        Write();
    }

    private void Show(string title, string evaluation, string prefix, string unit)
    {
        string[] columns = [.. Of(report.After, evaluation).Select(value => value.Key).Where(key => key.StartsWith(prefix, StringComparison.Ordinal))];
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title)).AddColumn(unit);
        foreach (string column in columns) table.AddColumn(new TableColumn(column[prefix.Length..]).RightAligned());
        foreach ((string name, IReadOnlyList<EvaluationOutcome> outcomes) in Rows)
        {
            Dictionary<string, double> values = Of(outcomes, evaluation).ToDictionary();
            table.AddRow([Markup.Escape(name), .. columns.Select(column => values.TryGetValue(column, out double value) ? value.ToString(value >= 1000 ? "#,0" : "0.00") : "")]);
        }

        AnsiConsole.Write(table);
    }

    private void Write()
    {
        Directory.CreateDirectory(options.Output);
        string path = Path.Combine(options.Output, "report.json");
        File.WriteAllText(path, JsonSerializer.Serialize(
            new
            {
                contextLength = options.ContextLength,
                trainedWindow = window,
                seconds = elapsed.TotalSeconds,
                steps = report.Training.Steps,
                tokens = report.Training.Tokens,
                report.Losses,
                fillRate = report.Packing.FillRate,
                report.ResumedFrom,
                report.SavedTo,
                report.SavedAdapter,
                rows = Rows.Select(row => new { name = row.Name, values = row.Outcomes.SelectMany(outcome => outcome.Result.Values).ToDictionary() }),
            },
            Json));
        Console.WriteLine();
        RecipeLines.Show(report, elapsed, leftOut: "", path, "a PEFT folder, with the extended config.json");
    }

    private static IReadOnlyList<KeyValuePair<string, double>> Of(IReadOnlyList<EvaluationOutcome> outcomes, string evaluation) =>
        outcomes.FirstOrDefault(outcome => outcome.Name == evaluation)?.Result.Values ?? [];
}
