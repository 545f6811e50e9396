using System.Globalization;
using System.Text;
using static LongContext.Data.Reports.ReportPage;

namespace LongContext.Data.Reports;

/// <summary>Reports as one page: key figures, pictures in SVG, tables. All that comes from data is escaped.</summary>
internal static class DatasetReportHtml
{
    public static string Write(IReadOnlyList<DatasetReport> reports)
    {
        string title = string.Join(" and ", reports.Select(report => report.Title));
        StringBuilder html = new();
        html.Append(ReportPage.Beginning(title)).Append(CultureInfo.InvariantCulture, $"<h1>{Escape(title)}</h1>\n");
        foreach (DatasetReport report in reports)
        {
            if (reports.Count > 1) html.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(report.Title)}</h2>\n");
            Tiles(html, report);
        }

        if (reports.Any(report => report.Buckets.Count > 0))
        {
            html.Append("<h2>Sequences and tokens by length</h2>\n");
            Histogram(html, reports);
        }

        for (int column = 0; column < reports.Count; column++)
        {
            DatasetReport report = reports[column];
            if (report.Context is not { Documents: > 0 } context) continue;
            html.Append(CultureInfo.InvariantCulture, $"<h2>Fill of packs of {Figures.Count(context.ContextLength)} tokens{(reports.Count > 1 ? ": " + Escape(report.Title) : "")}</h2>\n");
            Fills(html, context, column);
        }

        html.Append("<h2>All figures</h2>\n");
        Table(html, reports);
        foreach (DatasetReport report in reports)
        {
            if (report.Longest.Count == 0) continue;
            html.Append(CultureInfo.InvariantCulture, $"<h2>Longest sequences{(reports.Count > 1 ? ": " + Escape(report.Title) : "")}</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Where</th><th scope=\"col\">Tokens</th></tr></thead>\n<tbody>\n");
            foreach (LongSequence sequence in report.Longest)
                html.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"name\">{Escape(DatasetReportText.Name(sequence))}</td><td>{Figures.Count(sequence.Tokens)}</td></tr>\n");
            html.Append("</tbody></table></div>\n");
        }

        return html.Append(ReportPage.End).ToString();
    }

    private static void Tiles(StringBuilder html, DatasetReport report)
    {
        html.Append("<div class=\"tiles\">\n");
        Tile(Figures.Rounded(report.Sequences), "sequences");
        Tile(Figures.Rounded(report.Tokens), "tokens");
        Tile(Figures.Percent(report.TargetShare), "are answers");
        Tile(Figures.Count(report.Lengths.P50), "median tokens");
        Tile(Figures.Count(report.Lengths.Maximum), "at most");
        if (report.Duplicates is { } duplicates) Tile(Figures.Share(duplicates, report.Sequences), "are duplicates");
        if (report.Context is { } context)
        {
            Tile(Figures.Percent(context.Fills[^1].FillRate), "best fill");
            Tile(Figures.Share(context.Overlength, report.Sequences), "longer than the context");
        }

        html.Append("</div>\n");
        void Tile(string figure, string what) => html.Append(CultureInfo.InvariantCulture, $"<div class=\"tile\"><b>{Escape(figure)}</b><span>{Escape(what)}</span></div>\n");
    }

    /// <summary>For each bucket two bars a report: its share of the sequences, and paler its share of the tokens.</summary>
    private static void Histogram(StringBuilder html, IReadOnlyList<DatasetReport> reports)
    {
        const int width = 960, height = 300, left = 46, bottom = 34, top = 16;
        LengthBucket[] all = [.. reports.SelectMany(report => report.Buckets)];
        int[] starts = [.. all.Select(bucket => bucket.From).Distinct().Order()];
        double Share(long part, long whole) => whole == 0 ? 0 : (double)part / whole;
        double most = reports.Max(report => report.Buckets.Select(bucket => Math.Max(Share(bucket.Sequences, report.Sequences), Share(bucket.Tokens, report.Tokens))).DefaultIfEmpty().Max());
        double scale = Math.Ceiling(most * 10) / 10;
        double slot = (double)(width - left) / starts.Length, bar = slot * 0.8 / (2 * reports.Count);
        double Y(double share) => top + ((height - top - bottom) * (1 - (share / scale)));
        html.Append(CultureInfo.InvariantCulture, $"<figure><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Shares of sequences and of tokens by length\">\n");
        int steps = (int)Math.Round(scale * 10) is var tenths && tenths > 5 ? 5 : tenths;
        for (int i = 0; i <= steps; i++)
        {
            double share = scale * i / steps;
            html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{left}\" x2=\"{width}\" y1=\"{Y(share):0.#}\" y2=\"{Y(share):0.#}\"/><text x=\"{left - 6}\" y=\"{Y(share) + 4:0.#}\" text-anchor=\"end\">{100 * share:0.#} %</text>\n");
        }

        for (int i = 0; i < starts.Length; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + (slot * (i + 0.5)):0.#}\" y=\"{height - 14}\" text-anchor=\"middle\">{Figures.Short(starts[i])}</text>\n");
            for (int column = 0; column < reports.Count; column++)
            {
                DatasetReport report = reports[column];
                if (report.Buckets.FirstOrDefault(bucket => bucket.From == starts[i]) is not { Sequences: > 0 } bucket) continue;
                double x = left + (slot * (i + 0.1)) + (bar * 2 * column);
                string label = string.Create(CultureInfo.InvariantCulture, $"{(reports.Count > 1 ? report.Title + ", " : "")}{Figures.Count(bucket.From)} to {Figures.Count(bucket.To)} tokens: {Figures.Count(bucket.Sequences)} sequences ({Figures.Share(bucket.Sequences, report.Sequences)}), {Figures.Count(bucket.Tokens)} tokens ({Figures.Share(bucket.Tokens, report.Tokens)})");
                Bar(x, Share(bucket.Sequences, report.Sequences), "", label);
                Bar(x + bar, Share(bucket.Tokens, report.Tokens), " tokens", label);
                void Bar(double at, double share, string kind, string label) => html.Append(CultureInfo.InvariantCulture, $"<rect class=\"s{column}{kind}\" x=\"{at:0.##}\" y=\"{Y(share):0.##}\" width=\"{bar:0.##}\" height=\"{height - bottom - Y(share):0.##}\"><title>{Escape(label)}</title></rect>\n");
            }
        }

        html.Append("</svg><ul class=\"legend\">");
        for (int column = 0; column < reports.Count; column++)
        {
            string of = reports.Count > 1 ? Escape(reports[column].Title) + ": " : "";
            html.Append(CultureInfo.InvariantCulture, $"<li><svg viewBox=\"0 0 8 8\" aria-hidden=\"true\"><rect class=\"s{column}\" width=\"8\" height=\"8\"/></svg>{of}share of sequences</li><li><svg viewBox=\"0 0 8 8\" aria-hidden=\"true\"><rect class=\"s{column} tokens\" width=\"8\" height=\"8\"/></svg>{of}share of tokens</li>");
        }

        html.Append("<li>from so many tokens to less than twice as many</li></ul></figure>\n");
    }

    private static void Fills(StringBuilder html, ContextFit context, int column)
    {
        const int width = 960, row = 34, left = 200, right = 220;
        int height = row * context.Fills.Count;
        html.Append(CultureInfo.InvariantCulture, $"<figure><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"Fill by way of packing\">\n");
        for (int i = 0; i < context.Fills.Count; i++)
        {
            PackingFill fill = context.Fills[i];
            int y = row * i;
            html.Append(CultureInfo.InvariantCulture, $"<text class=\"value\" x=\"0\" y=\"{y + 21}\">{Escape(fill.Method)}</text><rect class=\"track\" x=\"{left}\" y=\"{y + 6}\" width=\"{width - left - right}\" height=\"22\"/>");
            html.Append(CultureInfo.InvariantCulture, $"<rect class=\"s{column}\" x=\"{left}\" y=\"{y + 6}\" width=\"{(width - left - right) * fill.FillRate:0.##}\" height=\"22\"/><text class=\"value\" x=\"{width - right + 10}\" y=\"{y + 21}\">{Figures.Percent(fill.FillRate)} of {Figures.Count(fill.Packs)} packs</text>\n");
        }

        html.Append("</svg></figure>\n");
    }

    private static void Table(StringBuilder html, IReadOnlyList<DatasetReport> reports)
    {
        html.Append("<div class=\"scroll\"><table>\n");
        if (reports.Count > 1)
            html.Append(CultureInfo.InvariantCulture, $"<thead><tr><td></td>{string.Concat(reports.Select(report => $"<th scope=\"col\">{Escape(report.Title)}</th>"))}</tr></thead>\n");
        html.Append("<tbody>\n");
        foreach ((string section, IReadOnlyList<(string Name, string[] Values)> rows) in DatasetReportRows.Of(reports))
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr class=\"section\"><th colspan=\"{reports.Count + 1}\" scope=\"rowgroup\">{Escape(section)}</th></tr>\n");
            foreach ((string name, string[] values) in rows)
                html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Escape(name)}</th>{string.Concat(values.Select(value => $"<td>{Escape(value)}</td>"))}</tr>\n");
        }

        html.Append("</tbody></table></div>\n");
    }
}
