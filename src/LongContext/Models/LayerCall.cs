using LongContext.Attention;
using LongContext.Generation;
using LongContext.Positions;

namespace LongContext.Models;

/// <summary>What all layers of one forward pass share.</summary>
/// <param name="Rows">cos and sin of the call's tokens, for each kind of rotary settings (<see cref="RotaryEmbedding.KindOf"/>).</param>
/// <param name="RowsOfAll">As above, of the cache's tokens and these, where keys are rotated anew; otherwise null.</param>
/// <param name="Attention">Borders of the documents; each layer adds its own window, cap and scale.</param>
/// <param name="Cache">Keys and values of earlier tokens; null for a whole pack.</param>
internal sealed record LayerCall(RotaryRows[] Rows, RotaryRows[]? RowsOfAll, AttentionArguments Attention, KeyValueCache? Cache)
{
    /// <summary>How positions are remapped in layers without a window; null for not at all.</summary>
    public PositionRemapping? Remapping { get; init; }

    /// <summary>The rows for that, for each kind of rotary settings; null without a remapping.</summary>
    public RemappedRows[]? RemappedRows { get; init; }

    /// <summary>What attends in place of the layer's own call with <see cref="Cache"/>; null for none. <see cref="Rows"/> are its own affair then.</summary>
    public ILayerAttention? LayerAttention { get; init; }
}
