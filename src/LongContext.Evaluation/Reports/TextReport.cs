using System.Text;

namespace LongContext.Evaluation.Reports;

/// <summary>A report as short tables of fixed width, for a console.</summary>
internal static class TextReport
{
    private const int LongestName = 48;
    private const int LongestLine = 100;
    private const int MostLines = 12;

    public static string Write(EvaluationReport report)
    {
        ReportView view = ReportView.Of(report);
        StringBuilder text = new();
        text.Append(ReportText.OneLine(report.Title)).Append('\n');
        foreach (string sentence in view.Verdict) text.Append(ReportText.OneLine(sentence)).Append('\n');
        foreach (string note in report.Notes) text.Append(ReportText.OneLine(note)).Append('\n');
        Models(text, view);
        Tasks(text, view);
        foreach (ReportSection section in view.Sections) Section(text, section);
        if (view.FaultCount > 0) Faults(text, view);
        return text.ToString();
    }

    private static void Models(StringBuilder text, ReportView view)
    {
        if (view.Totals.Count == 0) return;
        bool strategies = view.Strategies.Count > 1;
        IReadOnlyList<ItemCounts> counts = ItemCounts.In(view.Report);
        List<string[]> rows = [[.. If(true, "model"), .. If(strategies, "strategy"), .. If(view.HasShares, "mean"), .. If(view.HasUnanswered, "of all"), .. If(view.HasLower, "lower is better"), "scored", .. counts.Select(count => count.Name), "tokens in", "tokens out", "time, added up", .. If(view.HasCosts, "cost")]];
        int tasks = view.Totals.Max(total => total.MeanTasks), lower = view.Totals.Max(total => total.LowerTasks);
        foreach (ContenderTotals total in view.Totals)
        {
            rows.Add([
                total.Contender.Model,
                .. If(strategies, total.Contender.Strategy),
                .. If(view.HasShares, Missing(total.MeanTasks, tasks) + ReportNumbers.Score(total.Mean, true) + (total.IsBest ? " *" : "  ")),
                .. If(view.HasUnanswered, ReportNumbers.Score(total.MeanOverAll, true)),
                .. If(view.HasLower, Missing(total.LowerTasks, lower) + (total.LowerMean is { } mean ? ReportNumbers.Figure(mean) : ReportNumbers.None) + (total.IsLowest ? " *" : "  ")),
                ReportNumbers.Count(total.Scored),
                .. counts.Select(count => ReportNumbers.Count(total.CountOf(count))),
                ReportNumbers.Tokens(total.InputTokens),
                ReportNumbers.Tokens(total.OutputTokens),
                ReportNumbers.Time(total.Duration),
                .. If(view.HasCosts, ReportNumbers.Cost(total.Cost, view.Report.Currency)),
            ]);
        }

        Table(text, rows, strategies ? 2 : 1);
        string Missing(int own, int all) => own < all ? ReportNumbers.Invariant($"({own} of {all} tasks) ") : "";
    }

    private static void Tasks(StringBuilder text, ReportView view)
    {
        if (view.Tasks.Count == 0) return;
        bool strategies = view.Strategies.Count > 1;
        List<string[]> rows = [["task", "model", .. If(strategies, "strategy"), "mean", "interval", "official figures"]];
        foreach (TaskView task in view.Tasks)
        {
            foreach (Contender contender in view.Contenders)
            {
                if (!task.Summaries.TryGetValue(contender, out TaskSummary? summary)) continue;
                IReadOnlyList<string> shown = HtmlReport.ShownFigures(task);
                List<string> figures = Lines([.. summary.Figures.Where(figure => shown.Contains(figure.Name)).Select(figure => $"{figure.Name} {ReportNumbers.Official(figure.Value, ReportNumbers.Places([figure.Value]))}")]);
                rows.Add([
                    task.Name + (task.LowerIsBetter ? " (lower is better)" : ""),
                    contender.Model,
                    .. If(strategies, contender.Strategy),
                    ReportNumbers.Score(summary.Mean, task.IsShare),
                    ReportNumbers.Interval(summary.Interval, task.IsShare),
                    figures[0],
                ]);
                // What does not fit into the first line goes on below it, in the last column.
                foreach (string line in figures.Skip(1)) rows.Add([.. Enumerable.Repeat("", rows[0].Length - 1), line]);
            }
        }

        Table(text, rows, strategies ? 3 : 2, leftLast: true);
    }

    /// <summary>Figures in lines of a console's width; of very many the first, and how many more there are.</summary>
    private static List<string> Lines(string[] figures)
    {
        List<string> lines = [];
        string line = "";
        for (int i = 0; i < figures.Length; i++)
        {
            bool isLast = i == figures.Length - 1;
            if (lines.Count == MostLines - 1 && !isLast && line.Length + figures[i].Length > LongestLine)
            {
                lines.Add(line + ReportNumbers.Invariant($"+{figures.Length - i:N0} more"));
                return lines;
            }

            if (line.Length > 0 && line.Length + figures[i].Length > LongestLine)
            {
                lines.Add(line.TrimEnd());
                line = "";
            }

            line += figures[i] + (isLast ? "" : ", ");
        }

        lines.Add(line);
        return lines;
    }

    private static void Section(StringBuilder text, ReportSection section)
    {
        text.Append('\n').Append(ReportText.OneLine(section.Title)).Append('\n');
        Table(text, [[.. section.Columns], .. section.Rows.Select(row => row.ToArray())], section.NameColumns);
    }

    private static void Faults(StringBuilder text, ReportView view)
    {
        long unscored = view.Report.Items.LongCount(item => item.Status is not (ItemStatus.Scored or ItemStatus.NotMade)) + view.Report.Tasks.Sum(summary => (long)summary.NotMade);
        text.Append('\n').Append(ReportNumbers.Invariant($"{unscored:N0} not scored, among them:")).Append('\n');
        foreach (ItemResult item in view.Faults.Take(3))
            text.Append("  ").Append(ReportText.Beginning(ReportText.OneLine($"{item.Task} {item.Item} ({item.Model}): {item.Fault ?? item.Status.ToString()}"), 160)).Append('\n');
    }

    private static string[] If(bool isThere, string cell) => isThere ? [cell] : [];

    private static void Table(StringBuilder text, List<string[]> rows, int leftColumns, bool leftLast = false)
    {
        text.Append('\n');
        int columns = rows[0].Length;
        foreach (string[] row in rows)
        {
            // Trailing spaces are alignment, not the cell's.
            for (int i = 0; i < columns; i++) row[i] = ReportText.WithoutControls(i < leftColumns ? ReportText.Beginning(ReportText.OneLine(row[i]), LongestName) : row[i]);
        }

        int[] widths = [.. Enumerable.Range(0, columns).Select(i => rows.Max(row => ReportText.Width(row[i])))];
        foreach (string[] row in rows)
        {
            StringBuilder line = new();
            for (int i = 0; i < columns; i++)
            {
                string padding = new(' ', widths[i] - ReportText.Width(row[i]));
                if (i > 0) line.Append("  ");
                if (i < leftColumns || (leftLast && i == columns - 1)) line.Append(row[i]).Append(padding);
                else line.Append(padding).Append(row[i]);
            }

            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
    }
}
