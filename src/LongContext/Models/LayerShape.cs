namespace LongContext.Models;

/// <summary>What one layer of a decoder has of its own.</summary>
/// <param name="Type">Its name in <c>layer_types</c>, by which it has its rotary settings.</param>
/// <param name="SlidingWindow">Number of most recent tokens that a token sees, itself included; null for all.</param>
/// <param name="HasPositions">False for a layer without rotary positions.</param>
internal sealed record LayerShape(string Type, int? SlidingWindow = null, bool HasPositions = true)
{
    public const string FullAttention = "full_attention";

    public const string SlidingAttention = "sliding_attention";

    /// <summary>Attends to everything before.</summary>
    public static LayerShape Full { get; } = new(FullAttention);

    /// <summary>Attends to a window.</summary>
    public static LayerShape Sliding(int window) => new(SlidingAttention, window);
}
