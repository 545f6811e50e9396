namespace LongContext.Recipes;

/// <summary>What <see cref="ContinuedPretraining"/> takes.</summary>
public sealed record ContinuedPretrainingOptions : RecipeOptions
{
    /// <summary>The context to train at, in tokens; positions are stretched where it is longer than the model's window. At least 2. Required.</summary>
    public required int ContextLength { get; init; }

    /// <summary>
    /// Held-out text as tokens, without special ones, at least <see cref="ContextLength"/> of them: perplexity by length and loss by
    /// position are measured on it before the first step and after the last. Default empty: nothing is measured.
    /// </summary>
    public ReadOnlyMemory<int> HeldOutTokens { get; init; }

    /// <summary>
    /// Lengths of text that perplexity is measured at, in tokens. Null (the default): half the trained window, doubled up to the context.
    /// </summary>
    public IReadOnlyList<int>? HeldOutLengths { get; init; }

    private protected override IEnumerable<string> OwnFaults()
    {
        if (ContextLength < 2) yield return $"ContextLength must be at least 2, but is {ContextLength}";
        if (!HeldOutTokens.IsEmpty && HeldOutTokens.Length < ContextLength)
            yield return $"HeldOutTokens has {HeldOutTokens.Length} tokens, but a window of ContextLength needs {ContextLength}";
        if (HeldOutLengths is not null && HeldOutTokens.IsEmpty) yield return "HeldOutLengths is set, but HeldOutTokens is empty";
        if (HeldOutLengths is { Count: 0 } || HeldOutLengths?.Any(length => length < 2 || length > ContextLength) == true)
            yield return $"HeldOutLengths must be from 2 to ContextLength {ContextLength}, but are [{string.Join(", ", HeldOutLengths)}]";
    }
}
