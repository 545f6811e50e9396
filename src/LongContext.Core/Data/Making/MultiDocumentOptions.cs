namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="MultiDocumentMaker"/>.</summary>
public sealed class MultiDocumentOptions
{
    /// <summary>Fewest documents of a prompt, the gold one included; at least 2. Default: 20.</summary>
    public int MinimumDocuments { get; init; } = 20;

    /// <summary>Most documents of a prompt, at least as many; each number between is drawn equally often. Default: 20.</summary>
    public int MaximumDocuments { get; init; } = 20;

    /// <summary>Where the gold document stands. Default: <see cref="GoldPlacement.Uniform"/>.</summary>
    public GoldPlacement Placement { get; init; } = GoldPlacement.Uniform;

    /// <summary>The prompt. Default: <see cref="MultiDocumentForm.Plain"/>.</summary>
    public MultiDocumentForm Form { get; init; } = MultiDocumentForm.Plain;

    /// <summary>The answer. Default: <see cref="MultiDocumentAnswer.AnswerOnly"/>.</summary>
    public MultiDocumentAnswer Answer { get; init; } = MultiDocumentAnswer.AnswerOnly;

    /// <summary>Whether the distractors are shuffled; if not (the default), they keep their order, the most alike first, as published.</summary>
    public bool ShuffleDistractors { get; init; }

    /// <summary>
    /// Documents to draw from where a question has too few distractors of its own, for example those of other questions; documents that hold one of the
    /// answers (upper and lower case alike) or are among the question's own are passed over. Read by index, not changed while in use.
    /// Default: none.
    /// </summary>
    public IReadOnlyList<PassageDocument> Pool { get; init; } = [];

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (MinimumDocuments < 2) faults.Add($"{nameof(MinimumDocuments)} is {MinimumDocuments}, expected at least 2");
        if (MaximumDocuments < MinimumDocuments) faults.Add($"{nameof(MaximumDocuments)} is {MaximumDocuments}, expected at least {nameof(MinimumDocuments)}, {MinimumDocuments}");
        if (Placement is null) faults.Add($"{nameof(Placement)} is null");
        else if (Placement.Highest >= MinimumDocuments) faults.Add($"{nameof(Placement)} is {Placement}, expected positions below {nameof(MinimumDocuments)}, {MinimumDocuments}");
        if (!Enum.IsDefined(Form)) faults.Add($"{nameof(Form)} is {Form}, expected Plain, QueryAware or RandomOrder");
        if (!Enum.IsDefined(Answer)) faults.Add($"{nameof(Answer)} is {Answer}, expected AnswerOnly or WithSource");
        if (Pool is null) faults.Add($"{nameof(Pool)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(MultiDocumentOptions)}: {string.Join("; ", faults)}.");
    }
}
