using System.Globalization;
using LongContext.Evaluation;
using LongContext.Evaluation.Strategies;
using Spectre.Console;

namespace LongContext.Samples.CompareStrategies;

/// <summary>Each model's strategies side by side: what they reach, and what they take for it.</summary>
internal static class ComparisonTable
{
    private const int MostLengths = 5;
    private static readonly string Full = new FullContextStrategy().Name;

    public static void Show(EvaluationReport report)
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 170;
        foreach (IGrouping<string, ItemResult> model in report.Items.GroupBy(item => item.Model)) ShowModel(report with { Items = [.. model] }, model.Key);
        Console.WriteLine("""
            answered: share of the items that were not too long and did not fail. score: mean over all items, those unanswered as 0.
            The rest is over the items that all strategies answered. ÷ full: score against full context's, task by task. kept: share of the contexts' tokens.
            tokens: of a prompt. ★: no other strategy is as good for less or better for as much.
            """);
    }

    private static void ShowModel(EvaluationReport own, string model)
    {
        // Where no text fits as a whole there is nothing to measure by but the best of the others.
        bool isWhole = own.Items.Any(item => item.Strategy == Full && item.Score is not null);
        EvaluationReport compared = isWhole ? own : own with { Items = [.. own.Items.Where(item => item.Strategy != Full)] };
        StrategyComparison comparison = StrategyComparison.Of(compared, isWhole ? Full : null);
        int[] lengths = [.. own.Items.Select(item => item.Length).OfType<int>().Distinct().Order()];
        if (lengths.Length is < 2 or > MostLengths) lengths = [];

        Table table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(model)).AddColumn("strategy");
        string[] cost = comparison.Standings.Any(row => row.Cost is not null) ? ["cost"] : [];
        string[] measures = ["answered", "score", isWhole ? "÷ full" : "÷ best", "kept", "tokens", "time", .. cost, "★"];
        foreach (string name in lengths.Select(length => length.ToString("N0", CultureInfo.InvariantCulture)).Concat(measures)) table.AddColumn(new TableColumn(name).RightAligned());
        foreach (StrategyStanding row in comparison.Standings)
        {
            string[] cells =
            [
                row.Strategy, .. lengths.Select(length => Text(Mean(own, row.Strategy, length), "0.00")),
                Text(row.Answered, "0 %"), Text(row.MeanOverAll, "0.00"), Text(row.Normalized, "0.00"), Text(row.KeptShare ?? (row.Items > 0 ? 1 : null), "0 %"),
                Text(row.InputTokens, "N0"), Text(row.Duration?.TotalSeconds, "0.00 s"), .. cost.Select(_ => Text((double?)row.Cost, "0.#####")),
                row is { IsOnFront: true, Normalized: > 0 } ? "★" : "",
            ];
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }

        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
        if (!isWhole) Console.WriteLine($"Full context: no text fits as a whole into {model}.");
    }

    private static double? Mean(EvaluationReport own, string strategy, int length)
    {
        double[] scores = [.. own.Items.Where(item => item.Strategy == strategy && item.Length == length).Select(item => item.Score).OfType<double>()];
        return scores.Length == 0 ? null : scores.Average();
    }

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
