namespace LongContext.Cpu.Attention;

/// <content>Which keys and values are asked for while others are multiplied with.</content>
internal unsafe partial struct AttentionWork<TElement>
{
    /// <summary>Pieces of 64 keys or values that lie between what is asked for and what is used: memory takes as long to answer as a piece of 8 KB is used for.</summary>
    private static int PiecesAhead => TElement.HasPairs ? 2 : 1;

    /// <summary>What comes so many vectors behind the block's start, seen from its keys: other keys of it, then its values.</summary>
    private readonly byte* AheadOfKeys(in RowTile rows, int start, int firstVector, int vector, int endVector) => vector < endVector
        ? Keys(rows, start + (vector * Lanes), out _)
        : Values(rows, start + (Math.Min(firstVector + vector - endVector, endVector - 1) * Lanes), out _);

    /// <summary>The same seen from its values: other values of it, then the next block's keys, then the worker's next item's. Null where there is nothing.</summary>
    private readonly byte* AheadOfValues(in RowTile rows, int start, int vector, int endVector, int last)
    {
        if (vector < endVector) return Values(rows, start + (vector * Lanes), out _);
        int position = start + Block + ((vector - endVector) * Lanes);
        if (position < last) return Keys(rows, position, out _);
        return vector == endVector ? rows.Next : rows.NextPiece;
    }

    /// <summary>Where the keys of the item behind this one begin, or so many further: without it each item would begin by waiting for memory.</summary>
    private readonly byte* Next(int tile, int further)
    {
        if (!Job.InShares || tile + 1 >= Job.ItemCount) return null;
        AttentionItem item = Job.Items[(int)(uint)Job.Order[tile + 1]];
        AttentionSequence sequence = Job.Sequences[item.Sequence];
        int first = item.Partition == AttentionJob.SinkPartition ? 0
            : Math.Max(Job.FirstVisible(sequence, sequence.FirstPosition + item.FirstQuery), item.Partition * AttentionJob.PartitionKeys) / Lanes * Lanes;
        // Positions without a page are behind the sequence's last.
        first = Math.Min(first + further, (sequence.FirstPosition + sequence.RowCount - 1) / Lanes * Lanes);
        byte* page = Page(sequence, first, out int slot);
        return page + Job.Layout.KeyOffset(item.KeyHead, slot);
    }
}
