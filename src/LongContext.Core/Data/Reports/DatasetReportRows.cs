namespace LongContext.Data.Reports;

/// <summary>The figures of one or more reports, row by row; a column for each report, empty where it has no such figure.</summary>
internal static class DatasetReportRows
{
    public static IReadOnlyList<(string Section, IReadOnlyList<(string Name, string[] Values)> Rows)> Of(IReadOnlyList<DatasetReport> reports)
    {
        List<(string Section, List<(string Name, string[] Values)> Rows)> sections = [];
        for (int column = 0; column < reports.Count; column++)
        {
            foreach ((string section, string name, string value) in Rows(reports[column]))
            {
                int at = sections.FindIndex(known => known.Section == section);
                if (at < 0)
                {
                    at = sections.Count;
                    sections.Add((section, []));
                }

                List<(string Name, string[] Values)> rows = sections[at].Rows;
                // A name may come twice in a column (two evaluations of one name): then it is another row.
                int row = rows.FindIndex(known => known.Name == name && known.Values[column].Length == 0);
                if (row < 0)
                {
                    row = rows.Count;
                    rows.Add((name, [.. reports.Select(_ => "")]));
                }

                rows[row].Values[column] = value;
            }
        }

        return [.. sections.Select(section => (section.Section, (IReadOnlyList<(string Name, string[] Values)>)section.Rows))];
    }

    private static IEnumerable<(string Section, string Name, string Value)> Rows(DatasetReport report)
    {
        const string data = "Data", lengths = "Tokens of a sequence";
        yield return (data, "Sequences", Figures.Count(report.Sequences));
        if (report.LeftOut > 0) yield return (data, "Examples left out", Figures.Count(report.LeftOut));
        yield return (data, "Tokens", Figures.Count(report.Tokens));
        yield return (data, "Answer tokens", $"{Figures.Count(report.TargetTokens)} ({Figures.Percent(report.TargetShare)})");
        if (report.WithoutTargets > 0) yield return (data, "Sequences without an answer", Figures.Count(report.WithoutTargets));
        if (report.Duplicates is { } duplicates)
            yield return (data, "Duplicate sequences", $"{Figures.Count(duplicates)} ({Figures.Share(duplicates, report.Sequences)})");
        if (report.DuplicateTokens is > 0 and var tokens) yield return (data, "Tokens of duplicates", $"{Figures.Count(tokens)} ({Figures.Share(tokens, report.Tokens)})");
        yield return (lengths, "Minimum", Figures.Count(report.Lengths.Minimum));
        yield return (lengths, "Mean", Figures.Decimal(report.Lengths.Mean));
        yield return (lengths, "Median", Figures.Count(report.Lengths.P50));
        yield return (lengths, "90 %", Figures.Count(report.Lengths.P90));
        yield return (lengths, "99 %", Figures.Count(report.Lengths.P99));
        yield return (lengths, "Maximum", Figures.Count(report.Lengths.Maximum));
        if (report.Context is { } context)
        {
            const string fit = "Context", packing = "Packing";
            yield return (fit, "Context length", Figures.Count(context.ContextLength));
            yield return (fit, "Longer sequences", $"{Figures.Count(context.Overlength)} ({Figures.Share(context.Overlength, report.Sequences)})");
            if (context.Split > 0) yield return (fit, "  of these split", Figures.Count(context.Split));
            if (context.Truncated > 0) yield return (fit, "  of these truncated", Figures.Count(context.Truncated));
            if (context.Skipped > 0) yield return (fit, "  of these left out", Figures.Count(context.Skipped));
            if (context.Refused > 0) yield return (fit, "  at which a packer stops", Figures.Count(context.Refused));
            yield return (fit, "Tokens dropped", $"{Figures.Count(context.DroppedTokens)} ({Figures.Share(context.DroppedTokens, report.Tokens)})");
            foreach (PackingFill fill in context.Fills) yield return (packing, $"Fill, {fill.Method}", $"{Figures.Percent(fill.FillRate)} of {Figures.Count(fill.Packs)} packs");
            yield return (packing, "Least packs possible", $"{Figures.Count(context.LowerBound)} or more");
        }

        foreach (ReportSection section in report.Sections)
        {
            foreach ((string name, string value) in section.Rows) yield return (section.Title, name, value);
        }
    }
}
