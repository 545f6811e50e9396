namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Options of a <see cref="PerplexityCompressor"/>.</summary>
public sealed record PerplexityCompressorOptions
{
    /// <summary>What is kept or dropped as one. Default: words.</summary>
    public CompressionUnit Unit { get; init; } = CompressionUnit.Words;

    /// <summary>
    /// Whether what the question makes likelier is kept, in place of what is unlikely by itself: the contrastive perplexity of LongLLMLingua, for twice the work. Default:
    /// false.
    /// </summary>
    public bool KnowsQuestion { get; init; }

    /// <summary>Tokens that are scored at once, or what fits into the scoring model where that is less, at least 16. Default: 2048.</summary>
    public int WindowTokens { get; init; } = 2048;

    /// <summary>
    /// Tokens before those scored that a window repeats, so that its first ones are not scored from nothing; at most half of it are, and at least one is where the scoring model has no
    /// token that texts begin with. Default: 512.
    /// </summary>
    public int HistoryTokens { get; init; } = 512;

    /// <summary>
    /// What a million tokens cost to score, at least 0, in the currency of the models' prices; 0 for a model on the machine itself. Null (the default): what the model's own price says; where it
    /// has none, nobody knows, and the cost of the items is unknown.
    /// </summary>
    public decimal? PricePerMillionTokens { get; init; }

    internal string Identity => FormattableString.Invariant($"{Unit}, window {WindowTokens}, history {HistoryTokens}{(KnowsQuestion ? ", question" : "")}");

    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Unit)) yield return $"{nameof(Unit)} is {(int)Unit}, expected Tokens, Words or Sentences";
        if (WindowTokens < 16) yield return $"{nameof(WindowTokens)} is {WindowTokens}, expected at least 16";
        if (PricePerMillionTokens < 0) yield return FormattableString.Invariant($"{nameof(PricePerMillionTokens)} is {PricePerMillionTokens}, expected 0 or more");
        if (HistoryTokens < 0) yield return $"{nameof(HistoryTokens)} is {HistoryTokens}, expected 0 or more";
    }
}
