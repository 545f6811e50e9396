namespace LongContext.Models;

/// <summary>How a linear map is to run on a tile of tokens.</summary>
/// <param name="DropoutSeed">
/// Seed of a training step's dropout on this tile, from which each map draws its own mask: the same seed gives the same mask, so that a
/// forward computed again sees what the first one saw. Null for no dropout.
/// </param>
/// <param name="Rows">The outputs wanted, first and count; null for all.</param>
internal readonly record struct LinearCall(ulong? DropoutSeed = null, (long Start, long Count)? Rows = null);
