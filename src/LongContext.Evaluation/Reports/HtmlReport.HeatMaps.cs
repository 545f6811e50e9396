namespace LongContext.Evaluation.Reports;

internal sealed partial class HtmlReport
{
    /// <summary>Cells of all maps together: more would make a page that no browser likes.</summary>
    private const int MostCells = 20_000;

    private const int Colours = 9;

    private void HeatMaps()
    {
        Heading("depths", "Depth × length", "Mean score by where the answer lies in the text (0 % is its beginning) and by the text's length in tokens.");
        if (view.Tasks.Any(task => task.Grid.Count > 0 && task.IsShare)) ColourLegend("0", "50", "100");
        int cells = 0, leftOut = 0;
        foreach (TaskView task in view.Tasks)
        {
            HeatMap[] maps = [.. HeatMap.Of(task, view.Contenders)];
            int size = maps.Sum(map => map.CellCount);
            if (maps.Length == 0) continue;
            if (cells > 0 && cells + size > MostCells)
            {
                leftOut++;
                continue;
            }

            cells += size;
            double[] means = [.. maps.SelectMany(map => map.Cells).Select(cell => cell.Mean).Where(double.IsFinite)];
            (double low, double high) = task.IsShare || means.Length == 0 ? (0, 1) : (means.Min(), means.Max());
            html.Write($"<h3>{task.Name}</h3>\n");
            if (!task.IsShare)
            {
                if (task.LowerIsBetter) ColourLegend(ReportNumbers.Figure(high, 3), "", ReportNumbers.Figure(low, 3) + " (lower is better)");
                else ColourLegend(ReportNumbers.Figure(low, 3), "", ReportNumbers.Figure(high, 3));
            }

            html.Raw("<div class=\"maps\">\n");
            foreach (HeatMap map in maps) Map(task, map, low, high);
            html.Raw("</div>\n");
        }

        if (leftOut > 0) html.Write($"<p class=\"soft\">The maps of {leftOut} more tasks would make the page too large; their items are in the report's JSON lines.</p>\n");
        html.Raw("</section>\n");
    }

    private void Map(TaskView task, HeatMap map, double low, double high)
    {
        html.Write($"<figure class=\"map\" style=\"--columns:{map.Lengths.Count}\"><figcaption>{view.Name(map.Contender)}</figcaption>\n");
        html.Write($"<div class=\"scroll\" role=\"region\" aria-label=\"{task.Name}, {view.Name(map.Contender)}: depth by length\" tabindex=\"0\"><table class=\"heat\">\n<thead><tr><th scope=\"col\"><span class=\"hidden\">Depth</span></th>");
        foreach (string length in map.Lengths) html.Write($"<th scope=\"col\">{length}</th>");
        html.Raw("</tr></thead>\n<tbody>\n");
        for (int row = 0; row < map.Depths.Count; row++)
        {
            html.Write($"<tr><th scope=\"row\">{map.Depths[row]}</th>");
            for (int column = 0; column < map.Lengths.Count; column++)
            {
                if (map[row, column] is not { } cell)
                {
                    html.Raw("<td><span class=\"hidden\">no item</span></td>");
                    continue;
                }

                string score = ReportNumbers.ShortScore(cell.Mean, task.IsShare);
                html.Write($"<td class=\"h{Colour(cell.Mean, low, high, task.LowerIsBetter)}\" title=\"{map.Lengths[column]} tokens, depth {map.Depths[row]}: {ReportNumbers.Score(cell.Mean, task.IsShare)}, items: {cell.Count}\">{score}</td>");
            }

            html.Raw("</tr>\n");
        }

        html.Raw("</tbody></table></div></figure>\n");
    }

    /// <summary>From 0, the worst, to 8, the best.</summary>
    private static int Colour(double mean, double low, double high, bool lowerIsBetter)
    {
        if (double.IsNaN(mean)) return 0;
        double share = high > low ? Math.Clamp((mean - low) / (high - low), 0, 1) : 1;
        if (lowerIsBetter && high > low) share = 1 - share;
        return (int)Math.Round(share * (Colours - 1));
    }

    private void ColourLegend(string worst, string middle, string best)
    {
        html.Write($"<p class=\"scale\"><span>{worst}</span><span class=\"swatches\" role=\"img\" aria-label=\"colours from the worst to the best\">");
        for (int i = 0; i < Colours; i++) html.Write($"<i class=\"h{i}\">{(i == Colours / 2 ? middle : "")}</i>");
        html.Write($"</span><span>{best}</span></p>\n");
    }
}
