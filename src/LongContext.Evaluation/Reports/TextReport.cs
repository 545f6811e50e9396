using System.Text;

namespace LongContext.Evaluation.Reports;

/// <summary>A report as short tables of fixed width, for a console.</summary>
internal static class TextReport
{
    private const int LongestName = 48;

    public static string Write(EvaluationReport report)
    {
        ReportView view = ReportView.Of(report);
        StringBuilder text = new();
        text.Append(ReportText.OneLine(report.Title)).Append('\n');
        foreach (string note in report.Notes) text.Append(ReportText.OneLine(note)).Append('\n');
        Models(text, view);
        Tasks(text, view);
        foreach (ReportSection section in report.Sections) Section(text, section);
        if (view.FaultCount > 0) Faults(text, view);
        return text.ToString();
    }

    private static void Models(StringBuilder text, ReportView view)
    {
        if (view.Totals.Count == 0) return;
        bool strategies = view.Strategies.Count > 1, failed = view.Totals.Any(total => total.Failed > 0), tooLong = view.Totals.Any(total => total.TooLong > 0);
        List<string[]> rows = [[.. If(true, "model"), .. If(strategies, "strategy"), .. If(view.HasShares, "mean"), .. If(view.HasUnanswered, "of all"), .. If(view.HasLower, "lower is better"), "scored", .. If(failed, "failed"), .. If(tooLong, "too long"), "tokens in", "tokens out", "time", .. If(view.HasCosts, "cost")]];
        int tasks = view.Totals.Max(total => total.MeanTasks), lower = view.Totals.Max(total => total.LowerTasks);
        foreach (ContenderTotals total in view.Totals)
        {
            rows.Add([
                total.Contender.Model,
                .. If(strategies, total.Contender.Strategy),
                .. If(view.HasShares, Missing(total.MeanTasks, tasks) + ReportNumbers.Score(total.Mean, true) + (total.IsBest && !view.HasUnanswered ? " *" : "  ")),
                .. If(view.HasUnanswered, ReportNumbers.Score(total.MeanOverAll, true) + (total.IsBest ? " *" : "  ")),
                .. If(view.HasLower, Missing(total.LowerTasks, lower) + (total.LowerMean is { } mean ? ReportNumbers.Figure(mean) : ReportNumbers.None) + (total.IsLowest ? " *" : "  ")),
                ReportNumbers.Count(total.Scored),
                .. If(failed, ReportNumbers.Count(total.Failed)),
                .. If(tooLong, ReportNumbers.Count(total.TooLong)),
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
                string figures = string.Join(", ", summary.Figures.Where(figure => shown.Contains(figure.Name)).Take(8).Select(figure => $"{figure.Name} {ReportNumbers.Official(figure.Value, ReportNumbers.Places([figure.Value]))}"));
                rows.Add([
                    task.Name + (task.LowerIsBetter ? " (lower is better)" : ""),
                    contender.Model,
                    .. If(strategies, contender.Strategy),
                    ReportNumbers.Score(summary.Mean, task.IsShare),
                    ReportNumbers.Interval(summary.Interval, task.IsShare),
                    figures,
                ]);
            }
        }

        Table(text, rows, strategies ? 3 : 2, leftLast: true);
    }

    private static void Section(StringBuilder text, ReportSection section)
    {
        text.Append('\n').Append(ReportText.OneLine(section.Title)).Append('\n');
        Table(text, [[.. section.Columns], .. section.Rows.Select(row => row.ToArray())], section.NameColumns);
    }

    private static void Faults(StringBuilder text, ReportView view)
    {
        text.Append('\n').Append(ReportNumbers.Invariant($"{view.FaultCount:N0} not scored, among them:")).Append('\n');
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
