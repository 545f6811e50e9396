namespace LongContext.Cpu.Attention;

/// <summary>What attention computes in one layer.</summary>
internal readonly record struct AttentionSettings
{
    /// <summary>Query heads, a multiple of the key heads; consecutive ones share a key head.</summary>
    public required int Heads { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>c of c·tanh(score / c); 0 for none.</summary>
    public float SoftCap { get; init; }

    /// <summary>Most recent tokens that a token sees, itself included; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>The layer's place in its group: its part of a page begins at Layer · LayerBytes.</summary>
    public int Layer { get; init; }
}
