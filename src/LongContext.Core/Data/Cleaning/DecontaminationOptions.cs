namespace LongContext.Data.Cleaning;

/// <summary>What becomes of documents that hold n-grams of an evaluation. The defaults are GPT-3's (Brown et al. 2020, appendix C).</summary>
public sealed record DecontaminationOptions
{
    /// <summary>Default: <see cref="DecontaminationAction.CutOut"/>.</summary>
    public DecontaminationAction Action { get; init; } = DecontaminationAction.CutOut;

    /// <summary>Characters (UTF-16 units) that are cut out on each side of an n-gram, at least 0. Default 200. No surrogate pair is cut: the whole pair goes.</summary>
    public int Window { get; init; } = 200;

    /// <summary>A piece of fewer characters than this is dropped; at least 0. Default 200.</summary>
    public int MinimumPiece { get; init; } = 200;

    /// <summary>A document that falls into more pieces than this, those to be dropped included, is removed; at least 1. Default 10.</summary>
    public int MaximumPieces { get; init; } = 10;

    /// <summary>
    /// An n-gram in more documents of the training data than this is not taken for contamination (a licence, a phrase): known after
    /// <see cref="Decontaminator.Count"/>. At least 1. Default 10.
    /// </summary>
    public int MaximumDocuments { get; init; } = 10;

    /// <summary>Passages that the report keeps; the others are counted. At least 0. Default 1,000.</summary>
    public int ReportedPassages { get; init; } = 1000;

    internal string Identity => FormattableString.Invariant($"{Action}, window {Window}, pieces of at least {MinimumPiece}, at most {MaximumPieces}");

    internal void Validate()
    {
        List<string> faults = [];
        if (!Enum.IsDefined(Action)) faults.Add($"{nameof(Action)} is {Action}, expected one of {string.Join(", ", Enum.GetNames<DecontaminationAction>())}");
        if (Window < 0) faults.Add($"{nameof(Window)} is {Window}, expected at least 0");
        if (MinimumPiece < 0) faults.Add($"{nameof(MinimumPiece)} is {MinimumPiece}, expected at least 0");
        if (MaximumPieces < 1) faults.Add($"{nameof(MaximumPieces)} is {MaximumPieces}, expected at least 1");
        if (MaximumDocuments < 1) faults.Add($"{nameof(MaximumDocuments)} is {MaximumDocuments}, expected at least 1");
        if (ReportedPassages < 0) faults.Add($"{nameof(ReportedPassages)} is {ReportedPassages}, expected at least 0");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(DecontaminationOptions)}: {string.Join("; ", faults)}.");
    }
}
