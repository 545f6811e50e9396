using LongContext.Packing;

namespace LongContext.Training;

/// <summary>
/// Packs by number: the trainer asks for 0, 1, 2 … in turn, and a resumed run goes on at the number where it stopped. The
/// same number must give the same pack each time.
/// </summary>
public interface IPackSource
{
    /// <summary>Number of packs of one pass, or null for a source without end.</summary>
    int? Count { get; }

    /// <summary>The pack with this number. Numbers go on past <see cref="Count"/>: the next pass over the data.</summary>
    /// <param name="index">From 0.</param>
    PackedBatch GetPack(long index);
}
