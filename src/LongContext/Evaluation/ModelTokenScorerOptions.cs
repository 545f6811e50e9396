namespace LongContext.Evaluation;

/// <summary>Options of a <see cref="ModelTokenScorer"/>.</summary>
public sealed class ModelTokenScorerOptions
{
    /// <summary>
    /// Tokens of a text at most. Null (the default): the window that config.json states, times the factor where the scaling counts from the trained
    /// window (dynamic NTK).
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>Whether texts may be longer than that: to measure what becomes of the model there. Default: false.</summary>
    public bool AllowsBeyondContext { get; init; }

    /// <summary>A text goes through the model in chunks of this many tokens, which bounds memory; at least 1. Default 2,048.</summary>
    public int ChunkTokens { get; init; } = 2048;

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (ContextLength is < 2) faults.Add($"ContextLength must be at least 2, but is {ContextLength}");
        if (ChunkTokens < 1) faults.Add($"ChunkTokens must be at least 1, but is {ChunkTokens}");
        if (faults.Count > 0) throw new ArgumentException("ModelTokenScorerOptions: " + string.Join("; ", faults) + ".");
    }
}
