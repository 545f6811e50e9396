using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.MultiDocument;

/// <summary>Options of a <see cref="MultiDocumentTask"/>.</summary>
public sealed record MultiDocumentTaskOptions
{
    /// <summary>Its name, or null (the default) for "multi-document/20" with the number of documents, or "multi-document" where they are as given.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Whether the documents stand as the file gives them, as in the published data, each file of which has one gold position. Default: false; then the gold document is put at each of
    /// the <see cref="GoldPositions"/> in turn.
    /// </summary>
    public bool AsGiven { get; init; }

    /// <summary>Documents of a prompt, at least 2. The paper has 10, 20 and 30. Default: 20. Not looked at where they are as given.</summary>
    public int DocumentCount { get; init; } = 20;

    /// <summary>
    /// Positions of the gold document, from 0, below the number of documents; each question is asked with each. Empty (the default) for the paper's: 0, 4, 9, 14 and so on.
    /// </summary>
    public IReadOnlyList<int> GoldPositions { get; init; } = [];

    /// <summary>Which of the paper's prompts. Default: <see cref="MultiDocumentForm.Plain"/>.</summary>
    public MultiDocumentForm Form { get; init; }

    /// <summary>Whether distractors are shuffled, as the paper does for the prompt that says so; if not (the default), the most alike come first.</summary>
    public bool ShuffleDistractors { get; init; }

    /// <summary>
    /// Whether distractors may come from other questions' documents where a question has too few of its own. Default: false; then such a question is a fault.
    /// </summary>
    public bool BorrowsDistractors { get; init; }

    /// <summary>The first so many questions, at least 1; null (the default) for all. The paper has 2,655.</summary>
    public int? MaximumQuestions { get; init; }

    /// <summary>Tokens of an answer at most, at least 1. Default: 100.</summary>
    public int MaximumNewTokens { get; init; } = 100;

    /// <summary>Decides how distractors are shuffled and borrowed. Default: 0.</summary>
    public int Seed { get; init; }

    internal IReadOnlyList<int> EffectivePositions => GoldPositions.Count > 0 ? GoldPositions : [0, .. Enumerable.Range(1, DocumentCount / 5).Select(i => (5 * i) - 1)];

    internal void Validate()
    {
        List<string> faults = [];
        if (Name is not null && string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is empty");
        SizedOptionFaults.AddAtLeast(DocumentCount, 2, nameof(DocumentCount), faults);
        if (GoldPositions is null) faults.Add($"{nameof(GoldPositions)} is null");
        else if (GoldPositions.Distinct().Count() != GoldPositions.Count) faults.Add($"{nameof(GoldPositions)} holds a value twice");
        foreach (int bad in (GoldPositions ?? []).Where(position => position < 0 || position >= DocumentCount).Take(1))
            faults.Add($"{nameof(GoldPositions)} holds {bad}, expected 0 to {DocumentCount - 1}");
        if (AsGiven && GoldPositions is { Count: > 0 }) faults.Add($"{nameof(GoldPositions)} are given, but {nameof(AsGiven)} leaves the gold document where it is");
        if (!Enum.IsDefined(Form)) faults.Add($"{nameof(Form)} is {Form}, expected Plain, QueryAware or RandomOrder");
        if (MaximumQuestions is { } most) SizedOptionFaults.AddAtLeast(most, 1, nameof(MaximumQuestions), faults);
        SizedOptionFaults.AddAtLeast(MaximumNewTokens, 1, nameof(MaximumNewTokens), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(MultiDocumentTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
