// Shape suffixes: C tokens of a tile, E hidden size, F intermediate size.
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>What a layer's forward left for its backward, so that it need not be computed again.</summary>
internal sealed class KeptActivations : IDisposable
{
    /// <summary>Attention with queries, keys, values and output; null where it is run again.</summary>
    public AttentionPass? Attention { get; set; }

    /// <summary>Tile by tile what the MLP needs; empty where it is computed again.</summary>
    public List<KeptTile> Tiles { get; } = [];

    /// <inheritdoc />
    public void Dispose()
    {
        Attention?.Dispose();
        foreach (KeptTile tile in Tiles) tile.Dispose();
    }

    /// <summary>A tile's hidden states between attention and MLP, and the MLP's two projections.</summary>
    internal sealed record KeptTile(Tensor Middle_CE, Tensor Gate_CF, Tensor Up_CF) : IDisposable
    {
        /// <inheritdoc />
        public void Dispose()
        {
            Middle_CE.Dispose();
            Gate_CF.Dispose();
            Up_CF.Dispose();
        }
    }
}
