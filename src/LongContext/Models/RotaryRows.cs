using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>cos and sin of the tokens of a call, [T, 1, R] each with both halves filled.</summary>
internal readonly record struct RotaryRows(Tensor Cos_T1R, Tensor Sin_T1R)
{
    /// <summary>The rows of a tile of tokens.</summary>
    public RotaryRows Of(Tile tile) => new(tile.Of(Cos_T1R), tile.Of(Sin_T1R));
}
