using System.Globalization;

namespace LongContext.Evaluation.Reports;

internal sealed partial class HtmlReport
{
    private void Heading(string id, string title, string remark = "")
    {
        html.Write($"<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n");
        if (remark.Length > 0) html.Write($"<p class=\"soft\">{remark}</p>\n");
    }

    /// <summary>A table that scrolls by itself where it is too wide, by keyboard too; on paper its letters shrink.</summary>
    private void BeginTable(string label, int columns, string kind) =>
        html.Write($"<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\"><table class=\"{kind}\" style=\"--columns:{columns}\">\n");

    private void EndTable() => html.Raw("</table></div>\n");

    private void Models()
    {
        Heading("models", hasStrategies ? "Models and strategies" : "Models",
            (view.HasUnanswered ? "Mean: each task counts the same, 100 is the best. Items that failed or did not fit are not in it; “Of all” counts them as 0."
                : view.HasShares ? "Mean: each task counts the same, 100 is the best. Items that failed or did not fit are in no mean." : "Items that failed or did not fit are in no mean.")
            + (view.Totals.Count > 1 ? " " + ReportView.BestRemark : ""));
        IReadOnlyList<ItemCounts> counts = ItemCounts.In(report);
        string[] columns = ["Model", .. Named(hasStrategies, "Strategy"), .. Named(view.HasShares, "Mean"), .. Named(view.HasUnanswered, "Of all"), .. Named(view.HasLower, "Lower is better"), "Scored",
            .. counts.Select(count => count.Title), "Tokens in", "Tokens out", "Time, added up", .. Named(view.HasCosts, report.Currency is { } currency ? "Cost, " + currency : "Cost")];
        BeginTable("Models", columns.Length, "models");
        html.Raw("<thead><tr>");
        foreach (string column in columns) html.Write($"<th scope=\"col\"{new HtmlMarkup(column is "Model" or "Strategy" or "Mean" ? " class=\"left\"" : "")}>{column}</th>");
        html.Raw("</tr></thead>\n<tbody>\n");
        int tasks = view.Totals.Count == 0 ? 0 : view.Totals.Max(total => total.MeanTasks), lower = view.Totals.Count == 0 ? 0 : view.Totals.Max(total => total.LowerTasks);
        foreach (ContenderTotals total in view.Totals)
        {
            html.Write($"<tr><th scope=\"row\" class=\"name\">{total.Contender.Model}</th>");
            if (hasStrategies) html.Write($"<td class=\"name\">{total.Contender.Strategy}</td>");
            if (view.HasShares)
            {
                html.Raw(total.IsBest ? "<td class=\"mean best\">" : "<td class=\"mean\">");
                if (total.Mean is { } mean)
                    html.Write($"<span class=\"bar\"><span style=\"width:{Math.Clamp(100 * mean, 0, 100):0.#}%\"></span></span><b>{ReportNumbers.Score(mean, true)}</b>");
                else html.Raw(ReportNumbers.None);
                Notes(total.IsBest, total.MeanTasks, tasks);
                html.Raw("</td>");
            }

            if (view.HasUnanswered) html.Write($"<td>{ReportNumbers.Score(total.MeanOverAll, true)}</td>");

            if (view.HasLower)
            {
                html.Raw(total.IsLowest ? "<td class=\"best\"><b>" : "<td>");
                html.Write($"{(total.LowerMean is { } mean ? ReportNumbers.Figure(mean) : ReportNumbers.None)}");
                if (total.IsLowest) html.Raw("</b>");
                Notes(total.IsLowest, total.LowerTasks, lower);
                html.Raw("</td>");
            }

            html.Write($"<td>{ReportNumbers.Count(total.Scored)}</td>");
            foreach (ItemCounts count in counts) html.Write($"<td>{ReportNumbers.Count(total.CountOf(count))}</td>");
            html.Write($"<td>{ReportNumbers.Tokens(total.InputTokens)}</td><td>{ReportNumbers.Tokens(total.OutputTokens)}</td><td>{ReportNumbers.Time(total.Duration)}</td>");
            if (view.HasCosts) html.Write($"<td>{ReportNumbers.Cost(total.Cost, null)}</td>");
            html.Raw("</tr>\n");
        }

        html.Raw("</tbody>");
        EndTable();
        if (view.HasLower && lower > 1) html.Raw("<p class=\"soft\">Lower is better: the geometric mean of those tasks' means.</p>\n");
        html.Raw("</section>\n");
        void Notes(bool isBest, int own, int all)
        {
            if (isBest) html.Raw(" <span class=\"mark\">best</span>");
            if (own < all) html.Write($" <span class=\"soft\">{own} of {all} tasks</span>");
        }
    }

    private static string[] Named(bool isThere, string name) => isThere ? [name] : [];

    private void Tasks()
    {
        if (view.Tasks.Count == 0) return;
        string spread = view.Tasks.Any(task => task.Summaries.Values.Any(summary => summary.Interval is not null))
            ? "The mean of the items' scores with its interval" + Level() + "; below it the figures as the task's authors report them. Who is surely best is marked."
            : "The mean of the items' scores; below it the figures as the task's authors report them. Who is surely best is marked.";
        Heading("tasks", "Tasks", spread);
        BeginTable("Tasks", view.Contenders.Count + 2, "tasks");
        ContenderHeads("Task");
        foreach (TaskView task in view.Tasks)
        {
            html.Write($"<tbody><tr class=\"first\"><th scope=\"row\" class=\"name\">{task.Name}");
            if (task.MeanName != "mean") html.Write($" <span class=\"soft\">{task.MeanName.Replace("mean, ", "", StringComparison.Ordinal)}</span>");
            if (!task.UsesStrategies && isCompared) html.Raw(" <span class=\"soft\">without strategies</span>");
            html.Raw("</th>");
            foreach (Contender contender in view.Contenders)
            {
                if (!task.Summaries.TryGetValue(contender, out TaskSummary? summary))
                {
                    html.Raw("<td>–</td>");
                    continue;
                }

                bool isBest = view.IsBest(task, contender);
                html.Raw(isBest ? "<td class=\"best\"><b>" : "<td>");
                html.Write($"{ReportNumbers.Score(summary.Mean, task.IsShare)}");
                if (isBest) html.Raw("</b><span class=\"hidden\"> (best)</span>");
                if (summary.Interval is { } interval) html.Write($"<small>{ReportNumbers.Score(interval.Low, task.IsShare)}–{ReportNumbers.Score(interval.High, task.IsShare)}</small>");
                foreach (string count in ItemCounts.Texts(summary)) html.Write($"<small>{count}</small>");
                if (task.IsShare && summary.Mean is not null && summary.Failed + summary.TooLong + summary.NotAsked > 0) html.Write($"<small>{ReportNumbers.Score(summary.MeanOverAll, true)} of all</small>");
                html.Raw("</td>");
            }

            html.Raw("</tr>\n");
            foreach (string name in ShownFigures(task))
            {
                html.Write($"<tr><th scope=\"row\" class=\"figure\">{name}</th>");
                foreach (string figure in view.FigureOf(task, name)) html.Write($"<td>{figure}</td>");
                html.Raw("</tr>\n");
            }

            html.Raw("</tbody>\n");
        }

        EndTable();
        html.Raw("</section>\n");
    }

    private static string SectionId(int number) => string.Create(CultureInfo.InvariantCulture, $"section-{number + 1}");

    private void Sections()
    {
        for (int number = 0; number < view.Sections.Count; number++)
        {
            ReportSection section = view.Sections[number];
            Heading(SectionId(number), section.Title, section.Remark ?? "");
            BeginTable(section.Title, section.Columns.Count, "models");
            html.Raw("<thead><tr>");
            for (int i = 0; i < section.Columns.Count; i++) html.Write($"<th scope=\"col\"{new HtmlMarkup(i < section.NameColumns ? " class=\"left\"" : "")}>{section.Columns[i]}</th>");
            html.Raw("</tr></thead>\n<tbody>\n");
            foreach (IReadOnlyList<string> row in section.Rows)
            {
                html.Raw("<tr>");
                for (int i = 0; i < row.Count; i++) html.Write($"<{new HtmlMarkup(i == 0 ? "th scope=\"row\" class=\"name\"" : i < section.NameColumns ? "td class=\"name\"" : "td")}>{row[i]}</{new HtmlMarkup(i == 0 ? "th" : "td")}>");
                html.Raw("</tr>\n");
            }

            html.Raw("</tbody>");
            EndTable();
            html.Raw("</section>\n");
        }
    }

    private string Level()
    {
        double[] levels = [.. view.Tasks.SelectMany(task => task.Summaries.Values).Select(summary => summary.Interval?.Level).OfType<double>().Distinct()];
        return levels.Length == 1 ? string.Create(CultureInfo.InvariantCulture, $" of {100 * levels[0]:0.#} % confidence") : "";
    }

    private void ContenderHeads(string first)
    {
        html.Write($"<thead><tr><th scope=\"col\">{first}</th>");
        foreach (Contender contender in view.Contenders)
        {
            bool both = hasStrategies && view.Models.Count > 1;
            html.Write($"<th scope=\"col\">{(both ? contender.Model : view.Name(contender))}");
            if (both) html.Write($"<span class=\"strategy\">{contender.Strategy}</span>");
            html.Raw("</th>");
        }

        html.Raw("</tr></thead>\n");
    }

    /// <summary>The figures' names, none where the only one is the mean once more.</summary>
    public static IReadOnlyList<string> ShownFigures(TaskView task) =>
        task.FigureNames is ["score"] && task.Summaries.Values.All(summary =>
            summary.Figures.Count != 1 || (summary.Figures[0].Value is null && summary.Mean is null) || Math.Abs(summary.Figures[0].Value - (100 * summary.Mean) ?? 1) < 0.006)
            ? []
            : task.FigureNames;

    private void Strategies()
    {
        StrategyRow[] rows = [.. StrategyRow.Of(view)];
        Heading("strategies", "Strategies compared",
            $"Against “{view.ComparedStrategies[0]}”, each on the items that both answered (what is too long for one counts only where the best is marked, as 0): their number, the mean, its difference with its interval of 95 % confidence, items answered better, the same and worse; tokens, time and cost as multiples. The row of “{view.ComparedStrategies[0]}” itself has all that it answered. “Of the best” is each task's mean against the best strategy's, in percent, on the items that all strategies answered; “front” is on what no other strategy beats at its price.");
        BeginTable("Strategies", 10, "strategies");
        html.Raw("<thead><tr><th scope=\"col\">Model</th><th scope=\"col\" class=\"left\">Strategy</th><th scope=\"col\">Items</th><th scope=\"col\">Mean</th><th scope=\"col\">Of the best</th><th scope=\"col\">Difference</th><th scope=\"col\">Better / same / worse</th><th scope=\"col\">Tokens in</th><th scope=\"col\">Time</th>");
        if (view.HasCosts) html.Raw("<th scope=\"col\">Cost</th>");
        html.Raw("</tr></thead>\n");
        foreach (string model in view.Models)
        {
            html.Raw("<tbody>");
            StrategyRow[] own = [.. rows.Where(row => row.Contender.Model == model)];
            for (int i = 0; i < own.Length; i++)
            {
                StrategyRow row = own[i];
                html.Raw("<tr>");
                if (i == 0) html.Write($"<th scope=\"rowgroup\" class=\"name\" rowspan=\"{own.Length}\">{model}</th>");
                html.Write($"<td class=\"name\">{row.Contender.Strategy}</td><td>{ReportNumbers.Count(row.Items)}</td><td>{ReportNumbers.Score(row.Mean, true)}</td><td>{ReportNumbers.Score(row.Standing?.Normalized, true)}");
                if (row.Standing is { IsOnFront: true }) html.Raw(" <span class=\"mark\">front</span>");
                html.Raw("</td><td>");
                html.Write($"{(row.Difference is { } points ? ReportNumbers.Signed(points) : ReportNumbers.None)}");
                if (row.Interval is { } interval) html.Write($"<small>{ReportNumbers.Signed(interval.Low)} to {ReportNumbers.Signed(interval.High)}</small>");
                html.Write($"</td><td>{row.Counts}</td><td>{row.InputTokens}</td><td>{row.Time}</td>");
                if (view.HasCosts) html.Write($"<td>{row.Cost}</td>");
                html.Raw("</tr>\n");
            }

            html.Raw("</tbody>\n");
        }

        EndTable();
        html.Raw("</section>\n");
    }
}
