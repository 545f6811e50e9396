namespace LongContext.Cpu.Attention;

/// <summary>Rows of one item: query i's heads follow one another, then those of query i + 1.</summary>
/// <param name="scratch">The worker's memory.</param>
/// <param name="sequence">The sequence.</param>
/// <param name="item">The item.</param>
/// <param name="count">Rows.</param>
internal readonly struct RowTile(TileScratch scratch, AttentionSequence sequence, AttentionItem item, int count)
{
    public readonly TileScratch Scratch = scratch;
    public readonly AttentionSequence Sequence = sequence;
    public readonly AttentionItem Item = item;
    public readonly int Count = count;

    /// <summary>The position of the item's query with that number.</summary>
    public int Position(int query) => Sequence.FirstPosition + Item.FirstQuery + query;
}
