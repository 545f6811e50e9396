using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.Summaries;

/// <summary>Options of a <see cref="SummarizationTask"/>.</summary>
public sealed record SummarizationTaskOptions
{
    /// <summary>The task's name in reports. Default: "summarization".</summary>
    public string Name { get; init; } = "summarization";

    /// <summary>The prompt, with one {document}; {{ and }} stand for braces. Default: asks for a one-page summary of a report.</summary>
    public string Template { get; init; } = "Read the report below and write a summary of about one page.\n\nReport:\n{document}\n\nSummary:";

    /// <summary>The system message, or null (the default) for none.</summary>
    public string? System { get; init; }

    /// <summary>
    /// How a prompt that does not fit is cut. Default: the document's end goes, as in ZeroSCROLLS, which puts a separator of its data there; LongBench takes <see cref="PromptTruncation.Middle"/>.
    /// </summary>
    public PromptTruncation Truncation { get; init; } = PromptTruncation.ContextEnd;

    /// <summary>How summaries are generated. Default: greedily, at most 512 tokens, as LongBench's gov_report; ZeroSCROLLS has 1024 there.</summary>
    public AnswerSettings Settings { get; init; } = new() { MaximumNewTokens = 512 };

    /// <summary>Which measure is the score. Default: the geometric mean of ROUGE-1, ROUGE-2 and ROUGE-L.</summary>
    public SummaryScore Score { get; init; } = SummaryScore.GeometricMean;

    /// <summary>Whether words are stemmed. Default: false, as SCROLLS; HELMET does.</summary>
    public bool Stems { get; init; }

    /// <summary>Whether ROUGE of the package <c>rouge</c>, which LongBench takes, is reported beside Google's. Default: false.</summary>
    public bool WithPltrdy { get; init; }

    /// <summary>
    /// The field with the document. Null (the default) to look for report, article, transcript, input, and for the fields of BookSum
    /// (<see cref="Data.Making.ChapterSummaries.Read"/>).
    /// </summary>
    public string? DocumentColumn { get; init; }

    /// <summary>
    /// The field with the summary: text, or an array of summaries. Null (the default) to look for summary, highlights, abstract, output, and for the fields of BookSum.
    /// </summary>
    public string? SummaryColumn { get; init; }

    /// <summary>The field that names a record, text or a number. Default: "id". A record without it is named "#1" and so on, by its number.</summary>
    public string IdColumn { get; init; } = "id";

    /// <summary>The field with the part of the task that a record counts in, or null (the default) for none; of BookSum the book, if this is "bid".</summary>
    public string? GroupColumn { get; init; }

    /// <summary>Records taken at most, from the first on, at least 1; null (the default) for all.</summary>
    public int? MaximumItems { get; init; }

    /// <summary>How files are read. Default: that of <see cref="RecordSourceOptions"/>, which stops at the first bad line.</summary>
    public RecordSourceOptions Reading { get; init; } = new();

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is empty, expected text");
        if (string.IsNullOrWhiteSpace(IdColumn)) faults.Add($"{nameof(IdColumn)} is empty, expected a field's name");
        if (Template is null) faults.Add($"{nameof(Template)} is null");
        if (Truncation is null) faults.Add($"{nameof(Truncation)} is null");
        if (Settings is null) faults.Add($"{nameof(Settings)} is null");
        if (Reading is null) faults.Add($"{nameof(Reading)} is null");
        if (!Enum.IsDefined(Score)) faults.Add($"{nameof(Score)} is {Score}, expected a value of the enumeration");
        if (DocumentColumn is { Length: 0 } || SummaryColumn is { Length: 0 } || GroupColumn is { Length: 0 }) faults.Add("a field's name is empty, expected text, or null");
        if (MaximumItems is { } most && most < 1) faults.Add(FormattableString.Invariant($"{nameof(MaximumItems)} is {most}, expected at least 1, or null"));
        if (faults.Count > 0) throw new ArgumentException($"{nameof(SummarizationTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
