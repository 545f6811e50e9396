namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Options of a <see cref="PerplexityTask"/>.</summary>
public sealed record PerplexityTaskOptions
{
    /// <summary>The task's name in reports. Default: perplexity.</summary>
    public string Name { get; init; } = "perplexity";

    /// <summary>Lengths of windows in tokens, special ones included: at least one, each at least 2, none twice. Default: 2,048, 4,096 and 8,192.</summary>
    public IReadOnlyList<int> Lengths { get; init; } = [2048, 4096, 8192];

    /// <summary>
    /// Tokens from the beginning of a window to that of the next. Less than a window's length: windows overlap, and of each but the first only the tokens count that
    /// none before it had, the last <see cref="Stride"/> ones; 256 is usual (Chen et al. 2023). More: text between windows is left out. Null (the default): the window's length, so
    /// that windows stand side by side.
    /// </summary>
    public int? Stride { get; init; }

    /// <summary>Where the model's beginning-of-sentence token stands. Default: <see cref="WindowBeginning.Document"/>.</summary>
    public WindowBeginning Beginning { get; init; }

    /// <summary>Only this many tokens of each document, from its beginning; null (the default) for all.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>Documents of fewer tokens are left out, so that all lengths see the same text; null (the default) for none.</summary>
    public int? MinimumTokens { get; init; }

    /// <summary>Windows of each document and length at most; null (the default) for all.</summary>
    public int? MaximumWindows { get; init; }

    /// <summary>Whether the last window may be shorter than the others, where a document ends in it. Default: true.</summary>
    public bool KeepsPartialWindow { get; init; } = true;

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrEmpty(Name)) faults.Add($"{nameof(Name)} is empty");
        if (Lengths is null || Lengths.Count == 0) faults.Add($"{nameof(Lengths)} is empty, expected at least one length");
        else
        {
            if (Lengths.Min() < 2) faults.Add($"{nameof(Lengths)} holds {Lengths.Min()}, expected at least 2");
            if (Lengths.Distinct().Count() != Lengths.Count) faults.Add($"{nameof(Lengths)} holds a length twice");
        }

        if (Stride is < 1) faults.Add($"{nameof(Stride)} is {Stride}, expected at least 1");
        if (!Enum.IsDefined(Beginning)) faults.Add($"{nameof(Beginning)} is {Beginning}, expected one of the named values");
        if (MaximumTokens is < 2) faults.Add($"{nameof(MaximumTokens)} is {MaximumTokens}, expected at least 2");
        if (MinimumTokens is < 0) faults.Add($"{nameof(MinimumTokens)} is {MinimumTokens}, expected at least 0");
        if (MaximumWindows is < 1) faults.Add($"{nameof(MaximumWindows)} is {MaximumWindows}, expected at least 1");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(PerplexityTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
