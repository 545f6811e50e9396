using System.Globalization;
using System.Text;

namespace LongContext.Evaluation.Reports;

internal sealed partial class HtmlReport
{
    private const int MostCharts = 40;
    private const int MostLines = 8;
    private const int Width = 560;
    private const int Height = 330;
    private const int Left = 46;
    private const int Right = 16;
    private const int Top = 12;
    private const int Bottom = 44;

    private void Curves()
    {
        Heading("lengths", "By length", "Mean score by the length in tokens that items were made for, with the interval of 95 % confidence as a bar.");
        html.Raw("<div class=\"charts\">\n");
        IReadOnlyList<LengthCurve> all = LengthCurve.OfAll(curves, view.Contenders);
        if (all.Count > 0) Charts($"Mean over {curves.Count(task => task.IsShare)} tasks", all, isShare: true, lowerIsBetter: false);
        foreach (TaskView task in curves.Take(MostCharts)) Charts(task.Name, LengthCurve.Of(task, view.Contenders), task.IsShare, task.LowerIsBetter);
        html.Raw("</div>\n");
        if (curves.Length > MostCharts) html.Write($"<p class=\"soft\">{curves.Length - MostCharts} more tasks have curves; their items are in the report's JSON lines.</p>\n");
        html.Raw("</section>\n");
    }

    /// <summary>A picture for every eight lines: more in one could not be told apart.</summary>
    private void Charts(string title, IReadOnlyList<LengthCurve> lines, bool isShare, bool lowerIsBetter)
    {
        html.Write($"<div class=\"chart\"><h3>{title}");
        if (lowerIsBetter) html.Raw(" <span class=\"soft\">lower is better</span>");
        html.Raw("</h3>\n");
        foreach (LengthCurve[] chunk in lines.Chunk(MostLines)) Chart(title, chunk, isShare);
        Numbers(title, lines, isShare);
        html.Raw("</div>\n");
    }

    private void Chart(string title, LengthCurve[] lines, bool isShare)
    {
        int[] lengths = [.. lines.SelectMany(line => line.Points).Select(point => point.Length).Distinct().Order()];
        (double low, double high, double step) = isShare ? (0, 1, 0.2) : Range(lines);
        double X(int length) => lengths.Length == 1 ? (Left + Width - Right) / 2.0
            : Left + 14 + ((Width - Left - Right - 28) * (Math.Log2(Math.Max(1, length)) - Math.Log2(Math.Max(1, lengths[0]))) / Math.Max(1e-9, Math.Log2(Math.Max(1, lengths[^1])) - Math.Log2(Math.Max(1, lengths[0]))));
        double Y(double value) => Top + ((Height - Top - Bottom) * (1 - ((Math.Clamp(value, low, high) - low) / (high - low))));

        html.Write($"<figure><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{title}: mean score by length; the numbers stand below\">\n");
        for (int i = 0; low + (i * step) <= high + (step / 100); i++)
        {
            double value = low + (i * step);
            html.Write($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.#}\" y2=\"{Y(value):0.#}\"/><text x=\"{Left - 8}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{(isShare ? ReportNumbers.ShortScore(value, true) : ReportNumbers.Figure(value, 3))}</text>\n");
        }

        double last = double.NegativeInfinity;
        foreach (int length in lengths)
        {
            if (X(length) - last < 48) continue;
            last = X(length);
            html.Write($"<text x=\"{last:0.#}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{ReportNumbers.Length(length)}</text>\n");
        }

        html.Write($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">tokens, by doublings</text>\n");
        for (int i = 0; i < lines.Length; i++)
        {
            // Bars of lines that lie on one another are moved apart a little.
            double shift = (i - ((lines.Length - 1) / 2.0)) * 4;
            (int colour, int dash) = Look(lines[i].Contender, i);
            LengthPoint[] points = [.. lines[i].Points.Where(point => double.IsFinite(point.Mean))];
            StringBuilder path = new();
            foreach (LengthPoint point in points) path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{X(point.Length) + shift:0.#} {Y(point.Mean):0.#}");
            html.Write($"<g class=\"k{colour}\"><path class=\"line d{dash}\" d=\"{path.ToString()}\"/>");
            foreach (LengthPoint point in points)
            {
                double x = X(point.Length) + shift;
                if (point.Interval is { } interval) html.Write($"<line class=\"whisker\" x1=\"{x:0.#}\" x2=\"{x:0.#}\" y1=\"{Y(interval.High):0.#}\" y2=\"{Y(interval.Low):0.#}\"/>");
                html.Write($"<path class=\"point\" d=\"{Marker(colour, x, Y(point.Mean))}\"><title>{view.Name(lines[i].Contender)}, {ReportNumbers.Length(point.Length)} tokens: {ReportNumbers.Score(point.Mean, isShare)}{(point.Interval is null ? "" : $" ({ReportNumbers.Interval(point.Interval, isShare)})")}, items: {point.Items}</title></path>");
            }

            html.Raw("</g>\n");
        }

        html.Raw("</svg><ul class=\"legend\">");
        for (int i = 0; i < lines.Length; i++)
        {
            (int colour, int dash) = Look(lines[i].Contender, i);
            html.Write($"<li><svg class=\"k{colour}\" viewBox=\"0 0 30 12\" aria-hidden=\"true\"><path class=\"line d{dash}\" d=\"M0 6L30 6\"/><path class=\"point\" d=\"{Marker(colour, 15, 6)}\"/></svg>{view.Name(lines[i].Contender)}</li>");
        }

        html.Raw("</ul></figure>\n");
    }

    /// <summary>Colour and marker tell models apart and dashes strategies; where there is only one model, colours tell strategies apart.</summary>
    private (int Colour, int Dash) Look(Contender contender, int line)
    {
        bool byModel = view.Models.Count > 1 && view.Models.Count <= MostLines && view.Strategies.Count <= 4;
        return byModel ? (IndexOf(view.Models, contender.Model), IndexOf(view.Strategies, contender.Strategy)) : (line, 0);
    }

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }

        return 0;
    }

    private static string Marker(int kind, double x, double y)
    {
        FormattableString path = (kind % 8) switch
        {
            0 => $"M{x - 4:0.#} {y:0.#}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
            1 => $"M{x - 3.6:0.#} {y - 3.6:0.#}h7.2v7.2h-7.2z",
            2 => $"M{x:0.#} {y - 4.8:0.#}l4.6 8.2h-9.2z",
            3 => $"M{x:0.#} {y - 5.2:0.#}l5.2 5.2l-5.2 5.2l-5.2 -5.2z",
            4 => $"M{x:0.#} {y + 4.8:0.#}l4.6 -8.2h-9.2z",
            5 => $"M{x - 1.6:0.#} {y - 5:0.#}h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z",
            6 => $"M{x - 2.3:0.#} {y - 4.6:0.#}h4.6l2.6 4.6l-2.6 4.6h-4.6l-2.6 -4.6z",
            _ => $"M{x - 5:0.#} {y - 2:0.#}h10v4h-10z",
        };
        return ReportNumbers.Invariant(path);
    }

    /// <summary>An axis for scores that are no shares: from a little below the lowest to a little above the highest, at round numbers.</summary>
    private static (double Low, double High, double Step) Range(IEnumerable<LengthCurve> lines)
    {
        double[] values = [.. lines.SelectMany(line => line.Points).SelectMany(point => new double?[] { point.Mean, point.Interval?.Low, point.Interval?.High }).OfType<double>().Where(double.IsFinite)];
        if (values.Length == 0) return (0, 1, 0.2);
        double least = values.Min(), most = values.Max();
        double spread = most > least ? most - least : Math.Max(Math.Abs(most) * 0.1, 1e-9);
        double step = Math.Pow(10, Math.Floor(Math.Log10(spread / 4)));
        step *= (spread / 4 / step) switch { > 5 => 10, > 2 => 5, > 1 => 2, _ => 1 };
        double low = Math.Floor(least / step) * step, high = Math.Ceiling(most / step) * step;
        return (low, high > low ? high : low + step, step);
    }

    private void Numbers(string title, IReadOnlyList<LengthCurve> lines, bool isShare)
    {
        int[] lengths = [.. lines.SelectMany(line => line.Points).Select(point => point.Length).Distinct().Order()];
        if (lengths.Length > 41) return;
        html.Raw("<details class=\"numbers\"><summary>Numbers</summary>\n");
        BeginTable(title + " by length", lengths.Length + 1, "lengths");
        html.Raw("<thead><tr><th scope=\"col\"><span class=\"hidden\">Model</span></th>");
        foreach (int length in lengths) html.Write($"<th scope=\"col\">{ReportNumbers.Length(length)}</th>");
        html.Raw("</tr></thead>\n<tbody>\n");
        foreach (LengthCurve line in lines)
        {
            html.Write($"<tr><th scope=\"row\" class=\"name\">{view.Name(line.Contender)}</th>");
            Dictionary<int, LengthPoint> points = line.Points.ToDictionary(point => point.Length);
            foreach (int length in lengths)
            {
                LengthPoint? point = points.GetValueOrDefault(length);
                html.Write($"<td>{ReportNumbers.Score(point?.Mean, isShare)}");
                if (point?.Interval is { } interval) html.Write($"<small>{ReportNumbers.Score(interval.Low, isShare)}–{ReportNumbers.Score(interval.High, isShare)}</small>");
                html.Raw("</td>");
            }

            html.Raw("</tr>\n");
        }

        html.Raw("</tbody>");
        EndTable();
        html.Raw("</details>\n");
    }
}
