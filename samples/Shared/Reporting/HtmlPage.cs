using System.Globalization;
using System.Net;
using System.Text;

namespace LongContext.Samples.Shared.Reporting;

/// <summary>One self-contained page: each table with a chart of its rows. No script, no network, light and dark.</summary>
internal static class HtmlPage
{
    private const int Colours = 6;
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --line: #d8d8d8; --c0: #7a7a7a; --c1: #c2571a; --c2: #8448b8; --c3: #0f7b5f; --c4: #1f5fb0; --c5: #a83250; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #151515; --line: #3a3a3a; --c0: #a0a0a0; --c1: #f0935a; --c2: #c79af0; --c3: #4fd0a9; --c4: #7fb2f5; --c5: #f08aa4; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
        th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: right; font-variant-numeric: tabular-nums; }
        th:first-child, td:first-child { text-align: left; } dt { font-weight: 600; } dd { margin: 0 0 .6rem; overflow-wrap: anywhere; }
        svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } .grid { stroke: var(--line); }
        .s0 { stroke: var(--c0); fill: var(--c0); } .s1 { stroke: var(--c1); fill: var(--c1); } .s2 { stroke: var(--c2); fill: var(--c2); }
        .s3 { stroke: var(--c3); fill: var(--c3); } .s4 { stroke: var(--c4); fill: var(--c4); } .s5 { stroke: var(--c5); fill: var(--c5); }
        polyline { fill: none !important; stroke-width: 2.5; }
        @media print { body { max-width: none; } }
        """;

    public static string Render(TableReport report)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Escape(report.Title)}</title><style>{Style}</style></head><body>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Escape(report.Title)}</h1>\n<p>{Escape(report.Explanation)}</p>\n");
        foreach (ReportTable table in report.Tables)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(table.Name)}</h2>\n");
            AppendChart(html, table);
            AppendTable(html, table);
        }

        foreach (ReportExample example in report.Examples)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(example.Name)}</h2>\n<dl>");
            foreach ((string name, string text) in example.Texts) html.Append(CultureInfo.InvariantCulture, $"<dt>{Escape(name)}</dt><dd>{Escape(text)}</dd>\n");
            html.Append("</dl>\n");
        }

        html.Append(CultureInfo.InvariantCulture, $"<p>Made in {report.Seconds:0} seconds.</p>\n</body></html>\n");
        return html.ToString();
    }

    private static void AppendTable(StringBuilder html, ReportTable table)
    {
        html.Append(CultureInfo.InvariantCulture, $"<table><tr><th>{Escape(table.RowsAre)}</th>");
        foreach (string column in table.Columns) html.Append(CultureInfo.InvariantCulture, $"<th>{Escape(column)}</th>");
        html.Append("</tr>\n");
        foreach (ReportLine line in table.Rows)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Escape(line.Name)}</td>");
            foreach (double? value in line.Values) html.Append(CultureInfo.InvariantCulture, $"<td>{TableReport.Figure(value)}</td>");
            html.Append("</tr>\n");
        }

        html.Append("</table>\n");
    }

    /// <summary>A line for each row over the columns; all values lie between 0 and 1.</summary>
    private static void AppendChart(StringBuilder html, ReportTable table)
    {
        const double width = 800, height = 300, left = 50, right = 20, top = 15, bottom = 40;
        double X(int column) => left + ((width - left - right) * (table.ChartColumns == 1 ? 0.5 : column / (table.ChartColumns - 1.0)));
        double Y(double value) => height - bottom - ((height - top - bottom) * Math.Clamp(value, 0, 1));

        html.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height + (18 * table.Rows.Count)}\" role=\"img\" aria-label=\"{Escape(table.Name)}\">\n");
        for (int i = 0; i <= 5; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{left}\" x2=\"{width - right}\" y1=\"{Y(i / 5.0):0.#}\" y2=\"{Y(i / 5.0):0.#}\"/>");
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{left - 8}\" y=\"{Y(i / 5.0) + 4:0.#}\" text-anchor=\"end\">{i / 5.0:0.0}</text>\n");
        }

        for (int i = 0; i < table.ChartColumns; i++)
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(i):0.#}\" y=\"{height - bottom + 20}\" text-anchor=\"middle\">{Escape(table.Columns[i])}</text>\n");
        for (int row = 0; row < table.Rows.Count; row++) AppendLine(html, table, row, X, Y, left, height + (18 * row));
        html.Append("</svg>\n");
    }

    private static void AppendLine(StringBuilder html, ReportTable table, int row, Func<int, double> x, Func<double, double> y, double left, double legend)
    {
        ReportLine line = table.Rows[row];
        (int Column, double Value)[] points = [.. line.Values.Take(table.ChartColumns).Select((value, column) => (column, value)).Where(point => point.value is not null).Select(point => (point.column, point.value!.Value))];
        string path = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{x(point.Column):0.#},{y(point.Value):0.#}")));
        html.Append(CultureInfo.InvariantCulture, $"<polyline class=\"s{row % Colours}\" points=\"{path}\"/>");
        foreach ((int column, double value) in points)
            html.Append(CultureInfo.InvariantCulture, $"<circle class=\"s{row % Colours}\" cx=\"{x(column):0.#}\" cy=\"{y(value):0.#}\" r=\"4\"><title>{Escape(line.Name)}, {Escape(table.Columns[column])}: {TableReport.Figure(value)}</title></circle>");
        html.Append(CultureInfo.InvariantCulture, $"<rect class=\"s{row % Colours}\" x=\"{left}\" y=\"{legend - 9:0.#}\" width=\"12\" height=\"12\"/><text x=\"{left + 20}\" y=\"{legend + 2:0.#}\">{Escape(line.Name)}</text>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
