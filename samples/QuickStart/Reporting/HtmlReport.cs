using System.Globalization;
using System.Net;
using System.Text;

namespace LongContext.Samples.QuickStart.Reporting;

/// <summary>One self-contained page: the table, and a chart of each quantity by length. No script, no network, light and dark.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --line: #d8d8d8; --c0: #7a7a7a; --c1: #c2571a; --c2: #8448b8; --c3: #0f7b5f; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #151515; --line: #3a3a3a; --c0: #a0a0a0; --c1: #f0935a; --c2: #c79af0; --c3: #4fd0a9; } }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
        th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line); text-align: right; font-variant-numeric: tabular-nums; }
        th:first-child, td:first-child { text-align: left; } tr:last-child td { font-weight: 600; }
        svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); } .grid { stroke: var(--line); }
        .s0 { stroke: var(--c0); fill: var(--c0); } .s1 { stroke: var(--c1); fill: var(--c1); } .s2 { stroke: var(--c2); fill: var(--c2); } .s3 { stroke: var(--c3); fill: var(--c3); }
        polyline { fill: none !important; stroke-width: 2.5; } .s3 polyline, polyline.s3 { stroke-width: 4; }
        @media print { body { max-width: none; } }
        """;

    public static string Render(Report report)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Escape(report.Title)}</title><style>{Style}</style></head><body>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Escape(report.Title)}</h1>\n<p>{Escape(report.Explanation)}</p>\n");
        foreach (var (name, of, format) in report.Quantities)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(name)}</h2>\n");
            AppendChart(html, report, name, of, format);
            AppendTable(html, report, of, format);
        }

        html.Append(CultureInfo.InvariantCulture, $"<p>Made in {report.Seconds:0} seconds.</p>\n</body></html>\n");
        return html.ToString();
    }

    private static void AppendTable(StringBuilder html, Report report, Func<ReportRow, List<double>?> of, string format)
    {
        html.Append("<table><tr><th>tokens</th>");
        foreach (int length in report.Lengths) html.Append(CultureInfo.InvariantCulture, $"<th>{length:N0}</th>");
        html.Append("</tr>\n");
        foreach (ReportRow row in report.Rows)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Escape(row.Name)}</td>");
            foreach (double value in of(row)!) html.Append(CultureInfo.InvariantCulture, $"<td>{Escape(Figures.Show(value, format))}</td>");
            html.Append("</tr>\n");
        }

        html.Append("</table>\n");
    }

    private static void AppendChart(StringBuilder html, Report report, string name, Func<ReportRow, List<double>?> of, string format)
    {
        const double width = 800, height = 320, left = 60, right = 20, top = 20, bottom = 40;
        ChartScale scale = ChartScale.For(report.Rows.SelectMany(row => of(row)!));
        double X(int column) => left + ((width - left - right) * (report.Lengths.Count == 1 ? 0.5 : column / (report.Lengths.Count - 1.0)));
        double Y(double value) => height - bottom - ((height - top - bottom) * scale.Place(value));

        html.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height + (18 * report.Rows.Count)}\" role=\"img\" aria-label=\"{Escape(name)} by length\">\n");
        foreach (double tick in scale.Ticks)
        {
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{left}\" x2=\"{width - right}\" y1=\"{Y(tick):0.#}\" y2=\"{Y(tick):0.#}\"/>");
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{left - 8}\" y=\"{Y(tick) + 4:0.#}\" text-anchor=\"end\">{Figures.Show(tick, format.Length > 4 ? "0.0" : "0.##")}</text>\n");
        }

        for (int i = 0; i < report.Lengths.Count; i++)
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(i):0.#}\" y=\"{height - bottom + 20}\" text-anchor=\"middle\">{report.Lengths[i]:N0}</text>\n");
        for (int r = 0; r < report.Rows.Count; r++)
        {
            List<double> values = of(report.Rows[r])!;
            string points = string.Join(' ', values.Select((value, i) => string.Create(CultureInfo.InvariantCulture, $"{X(i):0.#},{Y(value):0.#}")));
            html.Append(CultureInfo.InvariantCulture, $"<polyline class=\"s{r % 4}\" points=\"{points}\"/>");
            for (int i = 0; i < values.Count; i++)
                html.Append(CultureInfo.InvariantCulture, $"<circle class=\"s{r % 4}\" cx=\"{X(i):0.#}\" cy=\"{Y(values[i]):0.#}\" r=\"4\"><title>{Escape(report.Rows[r].Name)}, {report.Lengths[i]:N0}: {Escape(Figures.Show(values[i], format))}</title></circle>");
            double y = height + (18 * r);
            html.Append(CultureInfo.InvariantCulture, $"<rect class=\"s{r % 4}\" x=\"{left}\" y=\"{y - 9}\" width=\"12\" height=\"12\"/><text x=\"{left + 20}\" y=\"{y + 2}\">{Escape(report.Rows[r].Name)}</text>\n");
        }

        html.Append("</svg>\n");
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
