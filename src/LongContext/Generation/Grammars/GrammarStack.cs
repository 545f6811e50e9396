namespace LongContext.Generation.Grammars;

/// <summary>Where rules go on once the ones they called are complete. Equal stacks are one object.</summary>
internal sealed class GrammarStack(int id, int next, GrammarStack? parent, int depth)
{
    /// <summary>Tells it from others; above 0.</summary>
    public int Id { get; } = id;

    /// <summary>The node to go on at.</summary>
    public int Return { get; } = next;

    /// <summary>What is below; null where the text ends.</summary>
    public GrammarStack? Parent { get; } = parent;

    /// <summary>The stack of the same nodes' twins; null until asked for.</summary>
    public GrammarStack? Canonical { get; set; }

    /// <summary>Arrays and objects that are open.</summary>
    public int Depth { get; } = depth;
}
