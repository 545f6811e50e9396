namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>How a context is cut into passages.</summary>
public sealed record ChunkingOptions
{
    /// <summary>What <see cref="Size"/> and <see cref="Overlap"/> count. Default: characters.</summary>
    public ChunkUnit Unit { get; init; } = ChunkUnit.Characters;

    /// <summary>The most units of a passage, at least 1. Default: 1000.</summary>
    public int Size { get; init; } = 1000;

    /// <summary>The most units at the beginning of a passage that the one before has too, at least 0 and less than <see cref="Size"/>. Default: 0.</summary>
    public int Overlap { get; init; }

    /// <summary>
    /// Whether a passage ends where a sentence does, where one does in its second half, else after a word. Default: true; else it has exactly its size.
    /// </summary>
    public bool KeepsSentences { get; init; } = true;

    internal string Identity => FormattableString.Invariant($"{Size} {Unit}, overlap {Overlap}{(KeepsSentences ? ", sentences" : "")}");

    /// <summary>Such as "1000" (characters), "200w" or "512t+64".</summary>
    internal string Short => FormattableString.Invariant(
        $"{Size}{Unit switch { ChunkUnit.Words => "w", ChunkUnit.Tokens => "t", _ => "" }}{(Overlap > 0 ? $"+{Overlap}" : "")}{(KeepsSentences ? "" : "!")}");

    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Unit)) yield return $"{nameof(Unit)} is {(int)Unit}, expected Characters, Words or Tokens";
        if (Size < 1) yield return $"{nameof(Size)} is {Size}, expected at least 1";
        if (Overlap < 0 || Overlap >= Math.Max(1, Size)) yield return $"{nameof(Overlap)} is {Overlap}, expected 0 or more and less than {nameof(Size)}";
    }
}
