namespace LongContext.Attention;

/// <summary>What an attention call over a pack needs besides the tensors.</summary>
public sealed record AttentionArguments
{
    /// <summary>Borders of the documents in the row of queries: n + 1 numbers from 0 to the number of queries.</summary>
    public required ReadOnlyMemory<int> CumulativeSequenceLengths { get; init; }

    /// <summary>
    /// Borders of the documents in the row of keys, for decoding with a cache, where a document has more keys than queries
    /// and its queries are its last tokens. Empty (the default): the same as <see cref="CumulativeSequenceLengths"/>.
    /// </summary>
    public ReadOnlyMemory<int> CumulativeKeyLengths { get; init; }

    /// <summary>Whether a token sees itself and earlier tokens only. Default true.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>Number of most recent tokens that a token sees, itself included; null (the default) for all of them.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>c in c · tanh(score / c), applied to the scaled scores; null (the default) for none.</summary>
    public double? SoftCap { get; init; }

    /// <summary>Factor on q·k; null (the default) for 1/√headDim.</summary>
    public double? Scale { get; init; }

    /// <summary>The key borders that hold, given the default.</summary>
    internal ReadOnlySpan<int> KeyLengths => CumulativeKeyLengths.IsEmpty ? CumulativeSequenceLengths.Span : CumulativeKeyLengths.Span;

    /// <summary>True when queries and keys have the same borders.</summary>
    internal bool QueriesAreKeys =>
        CumulativeKeyLengths.IsEmpty || CumulativeKeyLengths.Span.SequenceEqual(CumulativeSequenceLengths.Span);
}
