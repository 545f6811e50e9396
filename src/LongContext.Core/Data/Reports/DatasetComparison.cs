namespace LongContext.Data.Reports;

/// <summary>Several data sets side by side.</summary>
public static class DatasetComparison
{
    /// <summary>A console table with a column for each report.</summary>
    /// <param name="reports">At least one.</param>
    /// <exception cref="ArgumentException">There is none, or one is null.</exception>
    public static string ToText(params IReadOnlyList<DatasetReport> reports)
    {
        Check(reports);
        return DatasetReportText.Write(reports);
    }

    /// <summary>One self-contained page with a column for each report and their histograms in one picture.</summary>
    /// <param name="reports">One to four.</param>
    /// <exception cref="ArgumentException">There is none, there are more than four, or one is null.</exception>
    public static string ToHtml(params IReadOnlyList<DatasetReport> reports)
    {
        Check(reports);
        if (reports.Count > 4) throw new ArgumentException($"There are {reports.Count} reports, expected at most 4 on one page.", nameof(reports));
        return DatasetReportHtml.Write(reports);
    }

    private static void Check(IReadOnlyList<DatasetReport> reports)
    {
        ArgumentNullException.ThrowIfNull(reports);
        if (reports.Count == 0 || reports.Contains(null!)) throw new ArgumentException("There is no report, or one is null; expected at least one.", nameof(reports));
    }
}
