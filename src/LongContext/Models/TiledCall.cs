namespace LongContext.Models;

/// <summary>What every layer shares in one pass of training over a pack.</summary>
/// <param name="Layer">Rotary rows, document borders, remapping.</param>
/// <param name="TokenCount">Tokens of the pack.</param>
/// <param name="TileTokens">Tokens of a tile.</param>
internal sealed record TiledCall(LayerCall Layer, long TokenCount, int TileTokens)
{
    /// <summary>Key/value heads (with their query heads) that attention walks at a time.</summary>
    public int KeyHeadsAtATime { get; init; } = int.MaxValue;

    /// <summary>Seed of dropout on this pack in this step; null for none.</summary>
    public ulong? DropoutSeed { get; init; }

    /// <summary>The tiles, in order.</summary>
    public IEnumerable<Tile> Tiles
    {
        get
        {
            for (long start = 0; start < TokenCount; start += TileTokens)
                yield return new Tile(start, Math.Min(TileTokens, TokenCount - start), DropoutSeed is { } seed ? SeedMix.Combine(seed, (ulong)start) : null);
        }
    }
}
