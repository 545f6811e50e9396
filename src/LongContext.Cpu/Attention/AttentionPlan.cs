namespace LongContext.Cpu.Attention;

/// <summary>How a batch is cut into items, and which partial results are merged. What comes of a row does not depend on it.</summary>
/// <param name="Items">Pieces of work.</param>
/// <param name="SplitItems">Those of them that are about one partition.</param>
/// <param name="Merges">Merges of partial results.</param>
/// <param name="PartialBytes">Memory of partial results.</param>
internal readonly unsafe record struct AttentionPlan(int Items, int SplitItems, int Merges, long PartialBytes)
{
    /// <summary>Counts, and writes where there is memory.</summary>
    /// <param name="job">The call; its items are written.</param>
    /// <param name="sequenceCount">Sequences.</param>
    /// <param name="splitQueries">Up to so many queries of a sequence, the keys are cut into partitions.</param>
    /// <param name="merges">Where merges go; null for counting alone.</param>
    /// <param name="order">Where the order of items goes: cost, negated so that the longest come first, above the item's number.</param>
    public static AttentionPlan Make(ref AttentionJob job, int sequenceCount, int splitQueries, AttentionItem* merges, long* order)
    {
        int items = 0, whole = 0, merged = 0;
        long bytes = 0;
        for (int number = 0; number < sequenceCount; number++)
        {
            AttentionSequence sequence = job.Sequences[number];
            for (int query = 0; query < sequence.RowCount; query += job.TileQueries)
            {
                int count = Math.Min(job.TileQueries, sequence.RowCount - query);
                int start = job.FirstVisible(sequence, sequence.FirstPosition + query), end = sequence.FirstPosition + query + count;
                int first = start / AttentionJob.PartitionKeys, last = (end - 1) / AttentionJob.PartitionKeys;
                int sinks = job.SinkEnd(sequence, end - 1);
                bool splits = sequence.RowCount <= splitQueries && first != last;
                for (int head = 0; head < job.Layout.KeyHeads; head++)
                {
                    var item = new AttentionItem { Sequence = number, KeyHead = head, FirstQuery = query, QueryCount = count, Partition = -1 };
                    if (!splits)
                    {
                        whole++;
                        Add(ref job, order, items++, item, (long)count * (end - start + sinks));
                        continue;
                    }

                    var merge = item with { Partition = first, PartitionCount = last - first + (sinks > 0 ? 2 : 1), PartialOffset = bytes };
                    if (merges is not null) merges[merged] = merge;
                    merged++;
                    if (sinks > 0)
                    {
                        Add(ref job, order, items++, item with { Partition = AttentionJob.SinkPartition, PartialOffset = bytes }, (long)count * sinks);
                        bytes += count * job.Group * job.PartialBytes;
                    }

                    for (int partition = first; partition <= last; partition++)
                    {
                        int from = Math.Max(start, partition * AttentionJob.PartitionKeys), to = Math.Min(end, (partition + 1) * AttentionJob.PartitionKeys);
                        Add(ref job, order, items++, item with { Partition = partition, PartialOffset = bytes }, (long)count * (to - from));
                        bytes += count * job.Group * job.PartialBytes;
                    }
                }
            }
        }

        return new(items, items - whole, merged, bytes);
    }

    private static void Add(ref AttentionJob job, long* order, int index, in AttentionItem item, long cost)
    {
        if (order is null) return;
        job.Items[index] = item;
        order[index] = ((int.MaxValue - Math.Min(cost, int.MaxValue)) << 32) | (uint)index;
    }
}
