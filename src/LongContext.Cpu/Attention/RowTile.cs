namespace LongContext.Cpu.Attention;

/// <summary>Rows of one item: query i's heads follow one another, then those of query i + 1.</summary>
/// <param name="scratch">The worker's memory.</param>
/// <param name="sequence">The sequence.</param>
/// <param name="item">The item.</param>
/// <param name="count">Rows.</param>
/// <param name="next">Where the keys of the worker's next item begin; null where that is not known.</param>
/// <param name="nextPiece">Where the second 64 of them begin; as above.</param>
internal readonly unsafe struct RowTile(TileScratch scratch, AttentionSequence sequence, AttentionItem item, int count, byte* next, byte* nextPiece)
{
    public readonly TileScratch Scratch = scratch;
    public readonly AttentionSequence Sequence = sequence;
    public readonly AttentionItem Item = item;
    public readonly int Count = count;
    public readonly byte* Next = next;
    public readonly byte* NextPiece = nextPiece;

    /// <summary>The position of the item's query with that number.</summary>
    public int Position(int query) => Sequence.FirstPosition + Item.FirstQuery + query;
}
