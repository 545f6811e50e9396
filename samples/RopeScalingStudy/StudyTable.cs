using System.Globalization;
using LongContext.Evaluation;
using Spectre.Console;

namespace LongContext.Samples.RopeScalingStudy;

/// <summary>What the study found, by length: for each model a row.</summary>
internal static class StudyTable
{
    /// <summary>Shows a table of a task's figures.</summary>
    /// <param name="title">What the figures are.</param>
    /// <param name="rows">The models in their order.</param>
    /// <param name="lengths">The columns.</param>
    /// <param name="figure">A model's figure at a length.</param>
    /// <param name="last">The name of a last column and what stands in it, or null for none.</param>
    public static void Show(
        string title, IReadOnlyList<StudyModel> rows, IReadOnlyList<int> lengths, Func<StudyModel, int, double?> figure, (string Name, Func<StudyModel, string> Of)? last = null)
    {
        // Redirected output has no width of its own; the default of 80 would break the rows.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title)).AddColumn("tokens");
        foreach (int length in lengths) table.AddColumn(new TableColumn(length.ToString("N0", CultureInfo.InvariantCulture)).RightAligned());
        if (last is { } named) table.AddColumn(new TableColumn(Markup.Escape(named.Name)).RightAligned());
        foreach (StudyModel row in rows)
        {
            List<string> cells = [Markup.Escape(row.Model.Name), .. lengths.Select(length => figure(row, length)?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–")];
            if (last is { } column) cells.Add(Markup.Escape(column.Of(row)));
            table.AddRow([.. cells]);
        }

        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
    }

    /// <summary>Mean score of a model's items of a length.</summary>
    public static double? Mean(EvaluationReport report, StudyModel row, int length)
    {
        double[] scores = [.. report.Items.Where(item => item.Model == row.Model.Name && item.Length == length && item.Score is not null).Select(item => item.Score!.Value)];
        return scores.Length == 0 ? null : scores.Average();
    }
}
