using System.Globalization;
using System.Text;

namespace LongContext.Data.Reports;

/// <summary>Reports as text: names at the left, a column for each report, then a histogram of the lengths and the longest sequences.</summary>
internal static class DatasetReportText
{
    private const int BarWidth = 40;

    public static string Write(IReadOnlyList<DatasetReport> reports)
    {
        var sections = DatasetReportRows.Of(reports);
        int nameWidth = sections.SelectMany(section => section.Rows).Max(row => row.Name.Length) + 2;
        int[] widths = [.. reports.Select((report, column) => Math.Max(report.Title.Length, sections.SelectMany(section => section.Rows).Max(row => row.Values[column].Length)))];
        StringBuilder text = new();
        Line(text, "".PadRight(nameWidth + 2), [.. reports.Select(report => OneLine(report.Title))], widths);
        foreach ((string section, IReadOnlyList<(string Name, string[] Values)> rows) in sections)
        {
            text.AppendLine(OneLine(section));
            foreach ((string name, string[] values) in rows) Line(text, $"  {OneLine(name).PadRight(nameWidth)}", values, widths);
        }

        foreach (DatasetReport report in reports)
        {
            Histogram(text, report, reports.Count > 1);
            if (report.Longest.Count == 0) continue;
            text.AppendLine("Longest sequences");
            foreach (LongSequence sequence in report.Longest) text.AppendLine(CultureInfo.InvariantCulture, $"  {sequence.Tokens,12:N0}  {OneLine(Name(sequence))}");
        }

        return text.ToString();
    }

    public static string Name(LongSequence sequence) => sequence.Origin?.ToString() ?? string.Create(CultureInfo.InvariantCulture, $"sequence {sequence.Number}");

    private static void Histogram(StringBuilder text, DatasetReport report, bool named)
    {
        text.AppendLine(named ? $"Sequences by length: {OneLine(report.Title)}" : "Sequences by length");
        long most = report.Buckets.Select(bucket => bucket.Sequences).DefaultIfEmpty().Max();
        foreach (LengthBucket bucket in report.Buckets)
        {
            // What is there is seen: at least one mark.
            int marks = (int)Math.Ceiling((double)bucket.Sequences * BarWidth / most);
            text.AppendLine(CultureInfo.InvariantCulture, $"  from {Figures.Short(bucket.From),5}  {new string('#', marks).PadRight(BarWidth)} {bucket.Sequences,12:N0}  {Figures.Share(bucket.Tokens, report.Tokens),8} of tokens");
        }
    }

    private static void Line(StringBuilder text, string name, string[] values, int[] widths) =>
        text.AppendLine((name + string.Concat(values.Select((value, column) => "  " + OneLine(value).PadLeft(widths[column])))).TrimEnd());

    /// <summary>Control characters of a name (a file's, an evaluation's) do nothing to the console.</summary>
    private static string OneLine(string value) => string.Concat(value.Select(c => char.IsControl(c) ? '�' : c));
}
