using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A run of tokens that training walks at a time, so that what is wide (the MLP's inside, logits) exists for these alone.</summary>
/// <param name="Start">First token.</param>
/// <param name="Count">Number of tokens.</param>
/// <param name="DropoutSeed">Seed of the step's dropout on this tile; null for none.</param>
internal readonly record struct Tile(long Start, long Count, ulong? DropoutSeed)
{
    /// <summary>How linear maps are to run on it.</summary>
    public LinearCall Call => new(DropoutSeed);

    /// <summary>The tile's rows of a tensor over all tokens; a view.</summary>
    public Tensor Of(Tensor x_T) => Start == 0 && Count == x_T.size(0) ? x_T : x_T.narrow(0, Start, Count);
}
