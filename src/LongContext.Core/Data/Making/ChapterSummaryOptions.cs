namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="ChapterSummaryMaker"/>.</summary>
public sealed class ChapterSummaryOptions
{
    /// <summary>
    /// The prompt of Together's training file (Long-Data-Collections, booksum.jsonl), which has one line feed before "A:" where the
    /// article shows a blank line.
    /// </summary>
    public const string TrainingFileTemplate = "Chapter: {text}\n\nQ: Can you write an appropriate summary of the above paragraphs?\nA:";

    /// <summary>The prompt, with {text} where the chapter goes. Default: the one that Together's article shows.</summary>
    public string Template { get; init; } = "Chapter: {text}\n\nQ: Can you write an appropriate summary of the above paragraphs?\n\nA:";

    /// <summary>What stands between prompt and summary, part of the completion. Default: a blank.</summary>
    public string BeforeSummary { get; init; } = " ";

    /// <summary>Which summaries are used. Default: <see cref="SummaryChoice.All"/>.</summary>
    public SummaryChoice Choice { get; init; } = SummaryChoice.All;

    /// <summary>Decides which summary is drawn, together with each chapter's number. Default: 0.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (PromptTemplate.Fault(Template, nameof(Template)) is { } fault) faults.Add(fault);
        if (BeforeSummary is null) faults.Add($"{nameof(BeforeSummary)} is null");
        if (!Enum.IsDefined(Choice)) faults.Add($"{nameof(Choice)} is {Choice}, expected All, First or OneAtRandom");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(ChapterSummaryOptions)}: {string.Join("; ", faults)}.");
    }
}
