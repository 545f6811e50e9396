using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>Brings partitions of split rows together; a tile is the rows of one item.</summary>
internal unsafe struct MergeWork : ITileWork
{
    public AttentionJob Job;
    public AttentionItem* Merges;

    public readonly void Run(int tile, int worker)
    {
        AttentionItem item = Merges[tile];
        AttentionSequence sequence = Job.Sequences[item.Sequence];
        int rows = item.QueryCount * Job.Group, padded = Job.Layout.PaddedHeadSize;
        for (int row = 0; row < rows; row++)
        {
            // The first partition's memory takes the result.
            float* first = Partial(item, rows, 0, row);
            for (int partition = 1; partition < item.PartitionCount; partition++)
            {
                float* later = Partial(item, rows, partition, row);
                SoftmaxRow.Merge(ref first[0], ref first[1], first + 16, later[0], later[1], later + 16, padded);
            }

            long token = sequence.RowStart + item.FirstQuery + (row / Job.Group);
            int head = (item.KeyHead * Job.Group) + (row % Job.Group);
            SoftmaxRow.Write(first + 16, first[1], Job.Output + (token * Job.OutputStride) + (head * Job.Layout.HeadSize), Job.Layout.HeadSize);
            if (Job.LogSumExp is not null) Job.LogSumExp[(token * Job.Settings.Heads) + head] = first[0] + MathF.Log(first[1]);
        }
    }

    private readonly float* Partial(in AttentionItem item, int rows, int partition, int row) =>
        (float*)(Job.Partials + item.PartialOffset + ((((long)partition * rows) + row) * Job.PartialBytes));
}
