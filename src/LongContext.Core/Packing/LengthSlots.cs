namespace LongContext.Packing;

/// <summary>The place of a length among ascending distinct ones: by a table where that is small, else by search.</summary>
internal readonly ref struct LengthSlots
{
    private readonly ReadOnlySpan<int> distinct;
    private readonly int[]? table;

    public LengthSlots(ReadOnlySpan<int> distinct, int items)
    {
        this.distinct = distinct;
        if (distinct.IsEmpty || distinct[^1] > LengthCounting.LargestTable(items)) return;
        table = new int[distinct[^1] + 1];
        Array.Fill(table, -1);
        for (int slot = 0; slot < distinct.Length; slot++) table[distinct[slot]] = slot;
    }

    /// <summary>Negative where the length is not among them.</summary>
    public int Find(int length) => table is null ? distinct.BinarySearch(length) : (uint)length < (uint)table.Length ? table[length] : -1;
}
