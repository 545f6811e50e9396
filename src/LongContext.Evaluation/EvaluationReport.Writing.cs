using System.Globalization;
using System.Text;
using LongContext.Checkpoints;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

public sealed partial record EvaluationReport
{
    // Halves of surrogate pairs are escaped or replaced before they come here.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>
    /// Writes the report in all forms into a folder, which is made where it is not there: report.jsonl (all of it), report.html (for readers), report.md,
    /// items.csv and summaries.csv. Files of these names are replaced, and only when all five are complete.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <returns>The files' paths, in this order.</returns>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written to.</exception>
    public IReadOnlyList<string> Write(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        Directory.CreateDirectory(folder);
        (string Name, Action<TextWriter> Write)[] files =
        [
            ("report.jsonl", WriteJsonLines),
            ("report.html", WriteHtml),
            ("report.md", WriteMarkdown),
            ("items.csv", writer => WriteCsv(writer, ReportTable.Items)),
            ("summaries.csv", writer => WriteCsv(writer, ReportTable.Summaries)),
        ];
        List<StagedFile> staged = [];
        try
        {
            foreach ((string name, Action<TextWriter> write) in files) staged.Add(AtomicFile.Stage(Path.Combine(folder, name), stream => WriteTo(stream, write)));
            foreach (StagedFile file in staged) file.Commit();
        }
        finally
        {
            foreach (StagedFile file in staged) file.Dispose();
        }

        return [.. files.Select(file => Path.Combine(folder, file.Name))];
    }

    /// <summary>
    /// Writes the report as lines of JSON, from which <see cref="ReadJsonLines(string)"/> makes the same again: title, settings and summaries in the first
    /// line, then a line for each item.
    /// </summary>
    /// <remarks>
    /// The fields are named like the records' properties, those at their defaults left out. Times are in seconds. Doubles that JSON has no number for are
    /// "NaN", "Infinity" and "-Infinity". Halves of surrogate pairs, with which a cut answer may begin or end, are escapes.
    /// </remarks>
    /// <param name="path">The file; one that is there is replaced when the new one is complete.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void WriteJsonLines(string path) => WriteFile(path, WriteJsonLines);

    /// <summary>Writes the report as lines of JSON, as <see cref="WriteJsonLines(string)"/> does.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteJsonLines(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ReportJsonWriter.Write(this, writer);
    }

    /// <summary>
    /// Writes one page of HTML for readers, as <see cref="ToHtml"/> makes it.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced when the new one is complete.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void WriteHtml(string path) => WriteFile(path, WriteHtml);

    /// <summary>Writes one page of HTML for readers, as <see cref="ToHtml"/> makes it.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteHtml(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        HtmlReport.Write(this, writer);
    }

    /// <summary>Writes the report as Markdown, as <see cref="ToMarkdown"/> makes it.</summary>
    /// <param name="path">The file; one that is there is replaced when the new one is complete.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void WriteMarkdown(string path) => WriteFile(path, WriteMarkdown);

    /// <summary>Writes the report as Markdown, as <see cref="ToMarkdown"/> makes it.</summary>
    /// <param name="writer">Where to.</param>
    public void WriteMarkdown(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        MarkdownReport.Write(this, writer);
    }

    /// <summary>Writes a table of comma-separated values, as <see cref="ToCsv"/> makes it, in UTF-8 without a byte order mark.</summary>
    /// <param name="path">The file; one that is there is replaced when the new one is complete.</param>
    /// <param name="table">Which table.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such table.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void WriteCsv(string path, ReportTable table = ReportTable.Items) => WriteFile(path, writer => WriteCsv(writer, table));

    /// <summary>Writes a table of comma-separated values, as <see cref="ToCsv"/> makes it.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="table">Which table.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such table.</exception>
    public void WriteCsv(TextWriter writer, ReportTable table = ReportTable.Items)
    {
        ArgumentNullException.ThrowIfNull(writer);
        switch (table)
        {
            case ReportTable.Items: CsvReport.WriteItems(this, writer); break;
            case ReportTable.Summaries: CsvReport.WriteSummaries(this, writer); break;
            default: throw new ArgumentOutOfRangeException(nameof(table), table, "Expected the items or the summaries.");
        }
    }

    /// <summary>
    /// The report as one page of HTML that needs nothing else: no script, nothing from the network; for light and dark screens, narrow ones and paper. It has
    /// models, tasks with their official figures, curves by length with intervals, maps of depth × length, strategies compared, the worst answers with their
    /// prompts folded, and what could not be scored. All that comes from models and data is escaped.
    /// </summary>
    /// <remarks>Long texts are shown without their middle and long lists by their beginning, so that a page's size does not grow with the number of items.</remarks>
    public string ToHtml() => ToString(WriteHtml);

    /// <summary>The report as GitHub's Markdown: the page's tables, without the texts of prompts and answers.</summary>
    public string ToMarkdown() => ToString(WriteMarkdown);

    /// <summary>
    /// A table of comma-separated values (RFC 4180) with a line of names, numbers exact. Text that a spreadsheet would take for a formula has an apostrophe in
    /// front, and control characters are replaced: the way without any loss is <see cref="WriteJsonLines(string)"/>.
    /// </summary>
    /// <param name="table">Which table.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such table.</exception>
    public string ToCsv(ReportTable table = ReportTable.Items) => ToString(writer => WriteCsv(writer, table));

    /// <summary>The report as short tables of fixed width, for a console; the best of several models has a star.</summary>
    public string ToText() => TextReport.Write(this);

    /// <summary>The same as <see cref="ToText"/>.</summary>
    public override string ToString() => ToText();

    private static string ToString(Action<TextWriter> write)
    {
        using StringWriter writer = new(CultureInfo.InvariantCulture) { NewLine = "\n" };
        write(writer);
        return writer.ToString();
    }

    private static void WriteFile(string path, Action<TextWriter> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, stream => WriteTo(stream, write));
    }

    private static void WriteTo(Stream stream, Action<TextWriter> write)
    {
        using StreamWriter writer = new(stream, Utf8, bufferSize: 1 << 16, leaveOpen: true) { NewLine = "\n" };
        write(writer);
    }
}
