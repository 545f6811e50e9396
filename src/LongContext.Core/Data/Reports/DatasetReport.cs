using LongContext.Data.Cleaning;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Packing;

namespace LongContext.Data.Reports;

/// <summary>What a data set of tokens is like: lengths, answer tokens, how it packs, what a context length cuts off, duplicates.</summary>
/// <remarks>As a console table by <see cref="ToText"/>, as one self-contained page by <see cref="ToHtml"/>, for programs by <see cref="ToJson"/>.</remarks>
public sealed partial record DatasetReport
{
    /// <summary>What the data set is called.</summary>
    public required string Title { get; init; }

    /// <summary>Sequences counted.</summary>
    public required long Sequences { get; init; }

    /// <summary>Examples of which no sequence could be made.</summary>
    public long LeftOut { get; init; }

    /// <summary>Tokens of all sequences.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens that the loss counts: those of answers. The first token of a sequence is none.</summary>
    public required long TargetTokens { get; init; }

    /// <summary>Target tokens of all tokens, from 0 to 1; 0 where there is none.</summary>
    public double TargetShare => Tokens == 0 ? 0 : (double)TargetTokens / Tokens;

    /// <summary>Sequences of which the loss counts nothing.</summary>
    public required long WithoutTargets { get; init; }

    /// <summary>Sequences with the tokens and the loss mask of an earlier one; null where they were not looked for.</summary>
    public long? Duplicates { get; init; }

    /// <summary>Their tokens; null where they were not looked for.</summary>
    public long? DuplicateTokens { get; init; }

    /// <summary>How long sequences are, in tokens.</summary>
    public required LengthSummary Lengths { get; init; }

    /// <summary>The histogram: one bucket for each power of two, from the shortest to the longest sequence's.</summary>
    public required IReadOnlyList<LengthBucket> Buckets { get; init; }

    /// <summary>What the context length does; null where none was given.</summary>
    public ContextFit? Context { get; init; }

    /// <summary>The longest sequences, the longest first, of equals the earlier first.</summary>
    public required IReadOnlyList<LongSequence> Longest { get; init; }

    /// <summary>Further figures. Default: none.</summary>
    public IReadOnlyList<ReportSection> Sections { get; init; } = [];

    /// <summary>Reads sequences to their end and reports on them.</summary>
    /// <param name="source">The sequences, one pass over them.</param>
    /// <param name="options">What to look at; null for the defaults.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DatasetReport Create(IDataSource<TokenSequence> source, DatasetReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        DatasetReportBuilder builder = new(options);
        while (source.Next(cancellationToken) is { } sequence) builder.Add(sequence);
        return builder.Build();
    }

    /// <summary>Reads examples to their end, makes sequences of them and reports on those, with the origins of the longest.</summary>
    /// <param name="source">The examples, one pass over them.</param>
    /// <param name="encode">Makes the sequence; null for an example that is left out.</param>
    /// <param name="options">What to look at; null for the defaults.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static DatasetReport Create(
        IDataSource<TrainingExample> source, Func<TrainingExample, TokenSequence?> encode, DatasetReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(encode);
        DatasetReportBuilder builder = new(options);
        while (source.Next(cancellationToken) is { } example)
        {
            if (encode(example) is { } sequence) builder.Add(sequence, example.Origin);
            else builder.AddLeftOut();
        }

        return builder.Build();
    }

    /// <summary>This report with more figures at its end.</summary>
    /// <param name="section">The figures.</param>
    public DatasetReport With(ReportSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return this with { Sections = [.. Sections, section] };
    }

    /// <summary>This report with what was read of the data's files.</summary>
    /// <param name="report">What a <see cref="RecordSource{T}"/> or <see cref="RecordSource"/> read, the faults of bad lines with it.</param>
    public DatasetReport With(ReadingReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return With(new ReportSection("Reading",
        [
            new("Files read", $"{Figures.Count(report.FilesRead)} of {Figures.Count(report.Files)}"),
            new("Bytes read", $"{Figures.Count(report.BytesRead)} of {Figures.Count(report.Bytes)}"),
            new("Records", Figures.Count(report.Records)),
            new("Records left out", Figures.Count(report.LeftOut)),
            new("Bad lines passed over", Figures.Count(report.BadLines)),
            .. report.Faults.Select((fault, i) => new KeyValuePair<string, string>($"  fault {Figures.Count(i + 1)}", fault)),
        ]));
    }

    /// <summary>This report with what a search for duplicates found.</summary>
    /// <param name="report">What it found.</param>
    public DatasetReport With(DuplicateReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return With(new ReportSection("Duplicates among the documents",
        [
            new("Documents", Figures.Count(report.Documents)),
            new("Exact duplicates", Figures.Count(report.ExactDuplicates)),
            new("Near-duplicates", Figures.Count(report.NearDuplicates)),
            new("Clusters", Figures.Count(report.Clusters.Count)),
            new("Bytes of duplicates", $"{Figures.Count(report.DuplicateBytes)} ({Figures.Share(report.DuplicateBytes, report.Bytes)})"),
        ]));
    }

    /// <summary>This report with what decontamination found.</summary>
    /// <param name="report">What it found.</param>
    public DatasetReport With(ContaminationReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return With(new ReportSection("Contamination by evaluations",
        [
            new("Documents contaminated", $"{Figures.Count(report.Contaminated)} ({Figures.Share(report.Contaminated, report.Documents)})"),
            new("Characters removed", Figures.Count(report.RemovedCharacters)),
            .. report.Sets.Select(set => new KeyValuePair<string, string>(set.Set, $"{Figures.Count(set.Found)} of {Figures.Count(set.Instances - set.TooShort)} instances ({Figures.Share(set.Found, set.Instances - set.TooShort)})")),
        ]));
    }

    /// <summary>This report with what filters left out.</summary>
    /// <param name="report">What they left out.</param>
    public DatasetReport With(CleaningReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return With(new ReportSection("Filters",
        [
            new("Examples kept", $"{Figures.Count(report.Kept)} of {Figures.Count(report.Examples)} ({Figures.Share(report.Kept, report.Examples)})"),
            .. report.Rules.Select(rule => new KeyValuePair<string, string>(rule.Rule, $"{Figures.Count(rule.Examples)} left out")),
        ]));
    }

    /// <summary>This report with what each source of a mixture gave.</summary>
    /// <param name="report">What they gave.</param>
    public DatasetReport With(MixtureReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return With(new ReportSection("Shares of the mixture", [.. report.Sources.Select(source => new KeyValuePair<string, string>(
            source.Name, $"{Figures.Percent(report.TokenShare(source))} of tokens (asked: {Figures.Percent(source.Share)}), {Figures.Count(source.Items)} items{(source.Ended ? ", read to its end" : "")}"))]));
    }

    /// <summary>This report with what a packer did.</summary>
    /// <param name="report">What it did.</param>
    public DatasetReport With(PackingReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return With(new ReportSection("The packer",
        [
            new("Packs", Figures.Count(report.Packs)),
            new("Fill", Figures.Percent(report.FillRate)),
            new("Documents", Figures.Count(report.Documents)),
            new("Tokens", Figures.Count(report.Tokens)),
            new("Sequences split, truncated, skipped", $"{Figures.Count(report.Split)}, {Figures.Count(report.Truncated)}, {Figures.Count(report.Skipped)}"),
            new("Tokens dropped", Figures.Count(report.DroppedTokens)),
        ]));
    }

    /// <summary>The report as a table of fixed width, for a console.</summary>
    public string ToText() => DatasetReportText.Write([this]);

    /// <summary>The report as one page of HTML: no script, nothing from the network, for light and dark screens and for paper.</summary>
    public string ToHtml() => DatasetReportHtml.Write([this]);
}
