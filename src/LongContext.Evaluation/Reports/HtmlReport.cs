using System.Globalization;
using LongContext.Data.Reports;

namespace LongContext.Evaluation.Reports;

/// <summary>A report as one page that needs nothing else: no script, no picture from elsewhere, no network.</summary>
internal sealed partial class HtmlReport
{
    private readonly HtmlText html;
    private readonly ReportView view;
    private readonly EvaluationReport report;
    private readonly TaskView[] curves;
    private readonly bool hasHeatMaps;
    private readonly bool hasStrategies;
    private readonly bool isCompared;

    private HtmlReport(EvaluationReport report, TextWriter writer)
    {
        html = new HtmlText(writer);
        this.report = report;
        view = ReportView.Of(report);
        curves = [.. view.Tasks.Where(task => task.HasCurves)];
        hasHeatMaps = view.Tasks.Any(task => task.Grid.Count > 0);
        hasStrategies = view.Strategies.Count > 1;
        isCompared = view.ComparedStrategies.Count > 1;
    }

    public static void Write(EvaluationReport report, TextWriter writer) => new HtmlReport(report, writer).Page();

    private void Page()
    {
        html.Raw(ReportPage.Beginning(report.Title, Style));
        html.Write($"<header>\n<h1>{report.Title}</h1>\n");
        if (Began(report) is { } began) html.Write($"<p class=\"soft\">Run of <time datetime=\"{report.Began:O}\">{began}</time></p>\n");
        html.Raw("</header>\n");
        Contents();
        html.Raw("<main>\n");
        Verdict();
        Tiles();
        Notes();
        Settings();
        Models();
        Tasks();
        Sections();
        if (curves.Length > 0) Curves();
        if (hasHeatMaps) HeatMaps();
        if (isCompared) Strategies();
        Worst();
        NotScored();
        html.Raw("</main>\n");
        html.Raw(ReportPage.End);
    }

    /// <summary>When the run began, or null where nobody knows.</summary>
    public static string? Began(EvaluationReport report) => report.Began == default ? null : report.Began.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
        + (report.Began.Offset == TimeSpan.Zero ? " UTC" : report.Began.ToString(" zzz", CultureInfo.InvariantCulture));

    private void Contents()
    {
        html.Raw("<nav aria-label=\"Contents\"><ul>");
        Link("models", "Models", true);
        Link("tasks", "Tasks", view.Tasks.Count > 0);
        for (int i = 0; i < view.Sections.Count; i++) Link(SectionId(i), view.Sections[i].Title, true);
        Link("lengths", "By length", curves.Length > 0);
        Link("depths", "Depth × length", hasHeatMaps);
        Link("strategies", "Strategies", isCompared);
        Link("failures", "Worst answers", view.Worst.Imperfect > 0);
        Link("unscored", "Not scored", view.FaultCount > 0);
        html.Raw("</ul></nav>\n");
        void Link(string id, string name, bool isThere)
        {
            if (isThere) html.Write($"<li><a href=\"#{id}\">{name}</a></li>");
        }
    }

    private void Tiles()
    {
        html.Raw("<div class=\"tiles\">\n");
        Tile(ReportNumbers.Count(view.Models.Count), view.Models.Count == 1 ? "model" : "models");
        if (hasStrategies) Tile(ReportNumbers.Count(view.Strategies.Count), "strategies");
        Tile(ReportNumbers.Count(view.Tasks.Count), view.Tasks.Count == 1 ? "task" : "tasks");
        Tile(ReportNumbers.Tokens(view.Totals.Sum(total => (long)total.Scored)), "items scored");
        foreach (ItemCounts count in ItemCounts.In(report)) Tile(ReportNumbers.Tokens(view.Totals.Sum(total => total.CountOf(count))), count.Name);
        Tile(ReportNumbers.Tokens(view.Totals.Sum(total => total.InputTokens)), "tokens of prompts");
        Tile(ReportNumbers.Tokens(view.Totals.Sum(total => total.OutputTokens)), "tokens of answers");
        Tile(ReportNumbers.Time(view.Totals.Aggregate(TimeSpan.Zero, (sum, total) => sum + total.Duration)), "of requests, added up");
        if (view.HasCosts) Tile(ReportNumbers.Cost(view.Totals.Sum(total => total.Cost ?? 0), report.Currency), "spent");
        html.Raw("</div>\n");
        void Tile(string figure, string what) => html.Write($"<div class=\"tile\"><b>{figure}</b><span>{what}</span></div>\n");
    }

    private void Verdict()
    {
        if (view.Verdict.Count == 0) return;
        html.Raw("<ul class=\"verdict\" aria-label=\"Verdict\">\n");
        foreach (string sentence in view.Verdict) html.Write($"<li>{sentence}</li>\n");
        html.Raw("</ul>\n");
    }

    private void Notes()
    {
        if (report.Notes.Count == 0) return;
        html.Raw("<ul class=\"notes\" aria-label=\"Notes\">\n");
        foreach (string note in report.Notes) html.Write($"<li>{ReportText.Beginning(note, 500)}</li>\n");
        html.Raw("</ul>\n");
    }

    private void Settings()
    {
        if (report.Settings.Count == 0) return;
        html.Raw(report.Settings.Count <= 8 ? "<details class=\"settings\" open=\"open\">" : "<details class=\"settings\">");
        html.Raw("<summary>Settings</summary>\n<dl>\n");
        foreach ((string name, string value) in report.Settings) html.Write($"<div><dt>{name}</dt><dd>{ReportText.Beginning(value, 500)}</dd></div>\n");
        html.Raw("</dl></details>\n");
    }
}
