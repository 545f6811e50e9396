using System.Globalization;

namespace LongContext.Evaluation.Reports;

/// <summary>A report as GitHub's Markdown: the tables of the page, without the texts of prompts and answers.</summary>
internal sealed class MarkdownReport(EvaluationReport report, TextWriter writer)
{
    /// <summary>Wider or longer maps are not for reading as text; the page has them.</summary>
    private const int MostRows = 21;

    private const int MostColumns = 12;
    private const int MostMaps = 24;
    private readonly ReportView view = ReportView.Of(report);

    public static void Write(EvaluationReport report, TextWriter writer) => new MarkdownReport(report, writer).Document();

    private void Document()
    {
        Line($"# {ReportText.Markdown(report.Title)}");
        if (HtmlReport.Began(report) is { } began) Line($"Run of {began}.");
        foreach (string sentence in view.Verdict) Line(ReportText.Markdown(sentence));
        foreach (string note in report.Notes) Line($"**{ReportText.Markdown(ReportText.Beginning(note, 500))}**");
        if (report.Settings.Count > 0)
        {
            foreach ((string name, string value) in report.Settings) writer.Write($"- {ReportText.Markdown(name)}: {ReportText.Markdown(ReportText.Beginning(value, 500))}\n");
            writer.Write('\n');
        }

        Models();
        Tasks();
        foreach (ReportSection section in view.Sections) Section(section);
        Lengths();
        Maps();
        Strategies();
        Faults();
    }

    private void Models()
    {
        bool strategies = view.Strategies.Count > 1;
        IReadOnlyList<ItemCounts> counts = ItemCounts.In(report);
        Line(strategies ? "## Models and strategies" : "## Models");
        Head(strategies ? 2 : 1, ["Model", .. If(strategies, "Strategy"), .. If(view.HasShares, "Mean"), .. If(view.HasUnanswered, "Of all"), .. If(view.HasLower, "Lower is better"), "Scored", .. counts.Select(count => count.Title), "Tokens in", "Tokens out", "Time, added up", .. If(view.HasCosts, "Cost")]);
        int tasks = view.Totals.Select(total => total.MeanTasks).DefaultIfEmpty().Max(), lower = view.Totals.Select(total => total.LowerTasks).DefaultIfEmpty().Max();
        foreach (ContenderTotals total in view.Totals)
        {
            Row([
                ReportText.Markdown(total.Contender.Model),
                .. If(strategies, ReportText.Markdown(total.Contender.Strategy)),
                .. If(view.HasShares, Marked(ReportNumbers.Score(total.Mean, true), total.IsBest) + Missing(total.MeanTasks, tasks)),
                .. If(view.HasUnanswered, ReportNumbers.Score(total.MeanOverAll, true)),
                .. If(view.HasLower, Marked(total.LowerMean is { } mean ? ReportNumbers.Figure(mean) : ReportNumbers.None, total.IsLowest) + Missing(total.LowerTasks, lower)),
                ReportNumbers.Count(total.Scored),
                .. counts.Select(count => ReportNumbers.Count(total.CountOf(count))),
                ReportNumbers.Tokens(total.InputTokens),
                ReportNumbers.Tokens(total.OutputTokens),
                ReportNumbers.Time(total.Duration),
                .. If(view.HasCosts, ReportText.Markdown(ReportNumbers.Cost(total.Cost, report.Currency))),
            ]);
        }

        writer.Write('\n');
        if (view.HasUnanswered) Line("Items that failed or did not fit are not in the mean; “Of all” counts them as 0.");
        if (view.Totals.Count > 1) Line(ReportView.BestRemark);
        string Missing(int own, int all) => own < all ? string.Create(CultureInfo.InvariantCulture, $" ({own} of {all} tasks)") : "";
    }

    private void Tasks()
    {
        if (view.Tasks.Count == 0) return;
        Line("## Tasks");
        Head(2, ["Task", "Figure", .. view.Contenders.Select(contender => ReportText.Markdown(view.Name(contender)))]);
        foreach (TaskView task in view.Tasks)
        {
            Row([
                ReportText.Markdown(task.Name),
                task.MeanName + (task.UsesStrategies || view.ComparedStrategies.Count < 2 ? "" : ", without strategies"),
                .. view.Contenders.Select(contender => task.Summaries.GetValueOrDefault(contender) is { } summary
                    ? Marked(ReportNumbers.Score(summary.Mean, task.IsShare), view.IsBest(task, contender))
                        + (summary.Interval is null ? "" : $" ({ReportNumbers.Interval(summary.Interval, task.IsShare)})")
                        + string.Concat(ItemCounts.Texts(summary).Select(count => ", " + count))
                        + (task.IsShare && summary.Mean is not null && summary.Failed + summary.TooLong + summary.NotAsked > 0 ? $", {ReportNumbers.Score(summary.MeanOverAll, true)} of all" : "")
                    : ReportNumbers.None),
            ]);
            foreach (string name in HtmlReport.ShownFigures(task))
            {
                Row(["", ReportText.Markdown(name), .. view.FigureOf(task, name)]);
            }
        }

        writer.Write('\n');
    }

    private void Section(ReportSection section)
    {
        Line($"## {ReportText.Markdown(section.Title)}");
        if (section.Remark is { } remark) Line(ReportText.Markdown(remark));
        Head(section.NameColumns, [.. section.Columns.Select(ReportText.Markdown)]);
        foreach (IReadOnlyList<string> row in section.Rows) Row([.. row.Select(ReportText.Markdown)]);
        writer.Write('\n');
    }

    private void Lengths()
    {
        TaskView[] tasks = [.. view.Tasks.Where(task => task.HasCurves)];
        if (tasks.Length == 0) return;
        Line("## By length");
        Line("Means with their intervals of 95 % confidence.");
        IReadOnlyList<LengthCurve> all = LengthCurve.OfAll(tasks, view.Contenders);
        if (all.Count > 0) Curves(string.Create(CultureInfo.InvariantCulture, $"Mean over {tasks.Count(task => task.IsShare)} tasks"), all, isShare: true);
        foreach (TaskView task in tasks) Curves(ReportText.Markdown(task.Name) + (task.LowerIsBetter ? ", lower is better" : ""), LengthCurve.Of(task, view.Contenders), task.IsShare);
    }

    private void Curves(string title, IReadOnlyList<LengthCurve> lines, bool isShare)
    {
        int[] lengths = [.. lines.SelectMany(line => line.Points).Select(point => point.Length).Distinct().Order()];
        if (lengths.Length > MostRows) return;
        Line($"### {title}");
        Head(1, ["Tokens", .. lines.Select(line => ReportText.Markdown(view.Name(line.Contender)))]);
        foreach (int length in lengths)
        {
            Row([ReportNumbers.Length(length), .. lines.Select(line => line.Points.FirstOrDefault(point => point.Length == length) is { } point
                ? ReportNumbers.Score(point.Mean, isShare) + (point.Interval is null ? "" : $" ({ReportNumbers.Interval(point.Interval, isShare)})")
                : ReportNumbers.None)]);
        }

        writer.Write('\n');
    }

    private void Maps()
    {
        if (!view.Tasks.Any(task => task.Grid.Count > 0)) return;
        Line("## Depth × length");
        int shown = 0, leftOut = 0;
        foreach (TaskView task in view.Tasks)
        {
            foreach (HeatMap map in HeatMap.Of(task, view.Contenders))
            {
                if (map.Depths.Count > MostRows || map.Lengths.Count > MostColumns || shown == MostMaps)
                {
                    leftOut++;
                    continue;
                }

                shown++;
                Line($"### {ReportText.Markdown(task.Name)}: {ReportText.Markdown(view.Name(map.Contender))}");
                Head(1, ["Depth", .. map.Lengths]);
                for (int row = 0; row < map.Depths.Count; row++)
                    Row([map.Depths[row], .. Enumerable.Range(0, map.Lengths.Count).Select(column => map[row, column] is { } cell ? ReportNumbers.ShortScore(cell.Mean, task.IsShare) : ReportNumbers.None)]);
                writer.Write('\n');
            }
        }

        if (leftOut > 0) Line(string.Create(CultureInfo.InvariantCulture, $"Too large or too many for text: {leftOut} more maps, which the HTML page has."));
    }

    private void Strategies()
    {
        if (view.ComparedStrategies.Count < 2) return;
        Line("## Strategies compared");
        Line($"Against “{ReportText.Markdown(view.ComparedStrategies[0])}”, each on the items that both answered (what is too long for one counts only where the best is marked, as 0); its own row has all that it answered. “Of the best” is on the items that all strategies answered; “front” is what no other strategy beats at its price.");
        Head(2, ["Model", "Strategy", "Items", "Mean", "Of the best", "Difference", "Better / same / worse", "Tokens in", "Time", .. If(view.HasCosts, "Cost")]);
        foreach (StrategyRow row in StrategyRow.Of(view))
        {
            Row([
                ReportText.Markdown(row.Contender.Model),
                ReportText.Markdown(row.Contender.Strategy),
                ReportNumbers.Count(row.Items),
                ReportNumbers.Score(row.Mean, true),
                ReportNumbers.Score(row.Standing?.Normalized, true) + (row.Standing is { IsOnFront: true } ? ", front" : ""),
                (row.Difference is { } points ? ReportNumbers.Signed(points) : ReportNumbers.None) + (row.Interval is { } interval ? $" ({ReportNumbers.Signed(interval.Low)} to {ReportNumbers.Signed(interval.High)})" : ""),
                row.Counts,
                row.InputTokens,
                row.Time,
                .. If(view.HasCosts, ReportText.Markdown(row.Cost)),
            ]);
        }

        writer.Write('\n');
    }

    private void Faults()
    {
        if (view.FaultCount == 0) return;
        Line("## Not scored");
        if (view.FaultCount > view.Faults.Count) Line($"The first {ReportNumbers.Count(view.Faults.Count)} of {ReportNumbers.Count(view.FaultCount)}.");
        Head(5, ["What", "Task", "Item", "Model", "Why"]);
        foreach (ItemResult item in view.Faults)
        {
            Row([
                ReportText.Status(item.Status),
                ReportText.Markdown(item.Task),
                ReportText.Markdown(item.Item),
                ReportText.Markdown(view.Name(new Contender(item.Model, item.Strategy))),
                ReportText.Markdown(ReportText.Beginning(item.Fault ?? "", 400)),
            ]);
        }

        writer.Write('\n');
    }

    private static string Marked(string text, bool isBest) => isBest ? $"**{text}**" : text;

    private static string[] If(bool isThere, string cell) => isThere ? [cell] : [];

    private void Line(string text) => writer.Write(text + "\n\n");

    private void Head(int left, IReadOnlyList<string> cells)
    {
        Row(cells);
        Row([.. cells.Select((_, i) => i < left ? ":--" : "--:")]);
    }

    private void Row(IReadOnlyList<string> cells) => writer.Write($"| {string.Join(" | ", cells)} |\n");
}
