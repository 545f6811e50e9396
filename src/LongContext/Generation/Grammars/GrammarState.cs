namespace LongContext.Generation.Grammars;

/// <summary>All places at which a text may be in the grammar, after what was read of it; and what was found out about them.</summary>
internal sealed class GrammarState((int Node, GrammarStack? Stack)[] places, bool isComplete)
{
    /// <summary>Where no text is.</summary>
    public static GrammarState None { get; } = new([], isComplete: false);

    /// <summary>Places that read a byte.</summary>
    public (int Node, GrammarStack? Stack)[] Places { get; } = places;

    /// <summary>Whether the text may end here.</summary>
    public bool IsComplete { get; } = isComplete;

    /// <summary>States after each byte, as far as they were asked for.</summary>
    public GrammarState?[]? Following { get; set; }

    /// <summary>A state that takes the same tokens, and that many others have in common; null until asked for.</summary>
    public GrammarState? Canonical { get; set; }

    /// <summary>A bit for each token that may come next; null until asked for.</summary>
    public ulong[]? Mask { get; set; }

    /// <summary>Whether any token may come next, with text or without; null until known.</summary>
    public bool? TakesAnything { get; set; }
}
