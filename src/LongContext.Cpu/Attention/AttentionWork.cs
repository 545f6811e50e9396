using System.Runtime.Intrinsics;
using LongContext.Cpu.Memory;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>The work of one call: a tile is an item of the plan, its rows all heads of a few queries that share a key head.</summary>
internal unsafe partial struct AttentionWork<TElement> : ITileWork
    where TElement : struct, IElementFormat
{
    private const int Lanes = CacheLayout.LaneTokens;
    private const int Block = AttentionJob.BlockKeys;
    private const int Unit = TileScratch.UnitKeys;

    /// <summary>From so many rows on, keys and values are made float32 once for all of them.</summary>
    private const int WideningRows = 24;

    public AttentionJob Job;

    public readonly void Run(int tile, int worker)
    {
        AttentionItem item = Job.Items[(int)(uint)Job.Order[tile]];
        AttentionSequence sequence = Job.Sequences[item.Sequence];
        var rows = new RowTile(new TileScratch(Job.Scratch + (worker * Job.ScratchBytes), Job, out _), sequence, item, item.QueryCount * Job.Group, Next(tile, 0), Next(tile, Unit));
        int first = Job.FirstVisible(sequence, rows.Position(0)), end = rows.Position(item.QueryCount - 1) + 1, sinks = Job.SinkEnd(sequence, end - 1);
        if (item.Partition == AttentionJob.SinkPartition)
        {
            Sinks(rows, sinks);
            Keep(rows);
            return;
        }

        if (item.Partition >= 0)
        {
            CopyQueries(rows);
            int from = item.Partition * AttentionJob.PartitionKeys;
            Partition(rows, Math.Max(first, from), Math.Min(end, from + AttentionJob.PartitionKeys));
            Keep(rows);
            return;
        }

        new Span<float>(rows.Scratch.MergedSum, rows.Count).Clear();
        if (sinks > 0)
        {
            Sinks(rows, sinks);
            Merge(rows);
        }

        CopyQueries(rows);
        for (int from = first / AttentionJob.PartitionKeys * AttentionJob.PartitionKeys; from < end; from += AttentionJob.PartitionKeys)
        {
            Partition(rows, Math.Max(first, from), Math.Min(end, from + AttentionJob.PartitionKeys));
            Merge(rows);
        }

        Write(rows);
    }

    /// <summary>The keys that all rows see whatever their window, in a softmax of their own that is merged before the first partition.</summary>
    private readonly void Sinks(in RowTile rows, int end)
    {
        if (rows.Sequence.SinkQueries is null) CopyQueries(rows);
        else
        {
            CopyQueries(rows, rows.Sequence.SinkQueries, rows.Sequence.SinkQueryStride, rows.Item.FirstQuery);
            if (TElement.HasPairs) RoundQueries(rows);
        }

        Partition(rows, 0, end, sinks: true);
    }

    private readonly void Merge(in RowTile rows)
    {
        TileScratch scratch = rows.Scratch;
        int padded = Job.Layout.PaddedHeadSize;
        for (int row = 0; row < rows.Count; row++)
        {
            SoftmaxRow.Merge(ref scratch.MergedMaximum[row], ref scratch.MergedSum[row], scratch.MergedOutput + (row * padded),
                scratch.Maximum[row], scratch.Sum[row], scratch.Output + (row * padded), padded);
        }
    }

    /// <summary>Queries times the scale, gathered; one copy for each view, rotated.</summary>
    private readonly void CopyQueries(in RowTile rows)
    {
        CopyQueries(rows, Job.Queries, Job.QueryStride, rows.Sequence.RowStart + rows.Item.FirstQuery);
        if (rows.Sequence.Views is not null) RotateQueries(rows);
        else if (TElement.HasPairs) RoundQueries(rows);
    }

    private readonly void CopyQueries(in RowTile rows, float* queries, long stride, long first)
    {
        int group = Job.Group, size = Job.Layout.HeadSize;
        for (int row = 0; row < rows.Count; row++)
        {
            float* source = queries + ((first + (row / group)) * stride) + (((rows.Item.KeyHead * group) + (row % group)) * size);
            float* target = rows.Scratch.Queries + (row * size);
            int done = 0;
            for (Vector512<float> scale = Vector512.Create(Job.Settings.Scale); done + Lanes <= size; done += Lanes) (Vector512.Load(source + done) * scale).Store(target + done);
            for (; done < size; done++) target[done] = source[done] * Job.Settings.Scale;
        }
    }

    /// <summary>All blocks of one partition; from and to are the first key that any row sees there and one past the last.</summary>
    private readonly void Partition(in RowTile rows, int from, int to, bool sinks = false)
    {
        new Span<float>(rows.Scratch.Sum, rows.Count).Clear();
        new Span<float>(rows.Scratch.Output, rows.Count * Job.Layout.PaddedHeadSize).Clear();
        for (int start = from / Block * Block; start < to; start += Block)
        {
            SetBounds(rows, start, sinks);
            int firstVector = Math.Max(from - start, 0) / Lanes, endVector = (Math.Min(to - start, Block) + Lanes - 1) / Lanes;
            if (rows.Sequence.Views is null) Scores(rows, start, firstVector, endVector);
            else ViewScores(rows, start, firstVector, endVector);
            if (Job.Layout.HasScales) CopyScales(rows, start, firstVector, endVector);
            Softmax(rows);
            if (TElement.HasPairs) AddIntegerBlock(rows, start, firstVector, endVector, to);
            else AddBlock(rows, start, firstVector, endVector, to);
        }
    }

    private readonly void SetBounds(in RowTile rows, int start, bool sinks)
    {
        int group = Job.Group;
        for (int row = 0; row < rows.Count; row++)
        {
            int position = rows.Position(row / group);
            int visible = Job.FirstVisible(rows.Sequence, position);
            (int first, int end) = sinks ? (0, Math.Min(Math.Min(rows.Sequence.Sinks, visible) - start, Block)) : (Math.Max(visible - start, 0), Math.Min(position + 1 - start, Block));
            (rows.Scratch.Starts[row], rows.Scratch.Ends[row]) = first < end ? (first, end) : (0, 0);
        }
    }

    private readonly void Softmax(in RowTile rows)
    {
        int padded = Job.Layout.PaddedHeadSize;
        TileScratch scratch = rows.Scratch;
        float* keyScales = Job.Layout.HasScales ? scratch.KeyScales : null, valueScales = Job.Layout.HasScales ? scratch.ValueScales : null;
        bool areIntegers = TElement.HasPairs && rows.Sequence.Views is null;
        for (int row = 0; row < rows.Count; row++)
        {
            (int start, int end) = (scratch.Starts[row], scratch.Ends[row]);
            if (start == end) continue;
            float* scores = scratch.Scores + (row * Block);
            float largest = SoftmaxRow.Finish(scores, start, end, keyScales, Job.Settings.SoftCap, areIntegers, areIntegers ? scratch.QueryScales[row] : 1);
            if (scratch.Sum[row] == 0)
            {
                scratch.Maximum[row] = largest;
                scratch.Sum[row] = SoftmaxRow.Exponentials(scores, start, end, largest, valueScales);
            }
            else
            {
                float maximum = MathF.Max(scratch.Maximum[row], largest);
                float factor = Pointwise.VectorMath.Exp(scratch.Maximum[row] - maximum);
                scratch.Maximum[row] = maximum;
                scratch.Sum[row] = MathF.FusedMultiplyAdd(scratch.Sum[row], factor, SoftmaxRow.Exponentials(scores, start, end, maximum, valueScales));
                SoftmaxRow.Rescale(scratch.Output + (row * padded), padded, factor);
            }
        }
    }

    private readonly void CopyScales(in RowTile rows, int start, int firstVector, int endVector)
    {
        long offset = Job.Layout.KeyScaleOffset(rows.Item.KeyHead), toValues = Job.Layout.ValueScaleOffset(rows.Item.KeyHead) - offset;
        for (int vector = firstVector; vector < endVector;)
        {
            byte* scales = Page(rows, start + (vector * Lanes), out int slot) + offset + (slot * sizeof(float));
            int end = Math.Min(endVector, vector + ((Job.Layout.PageTokens - slot) / Lanes));
            for (; vector < end; vector++, scales += Lanes * sizeof(float))
            {
                Vector512.Load((float*)scales).Store(rows.Scratch.KeyScales + (vector * Lanes));
                Vector512.Load((float*)(scales + toValues)).Store(rows.Scratch.ValueScales + (vector * Lanes));
            }
        }
    }

    /// <summary>Asks for the scales of a few keys and values: they lie apart, and are needed when the block's scores are there.</summary>
    private readonly void FetchScales(in RowTile rows, int position, int bytes)
    {
        byte* page = Page(rows, position, out int slot);
        ReadsAhead.Fetch(page + Job.Layout.KeyScaleOffset(rows.Item.KeyHead) + (slot * sizeof(float)), bytes);
        ReadsAhead.Fetch(page + Job.Layout.ValueScaleOffset(rows.Item.KeyHead) + (slot * sizeof(float)), bytes);
    }

    /// <summary>A split item's result, for the merge.</summary>
    private readonly void Keep(in RowTile rows)
    {
        int padded = Job.Layout.PaddedHeadSize;
        for (int row = 0; row < rows.Count; row++)
        {
            var target = (float*)(Job.Partials + rows.Item.PartialOffset + (row * Job.PartialBytes));
            (target[0], target[1]) = (rows.Scratch.Maximum[row], rows.Scratch.Sum[row]);
            Buffer.MemoryCopy(rows.Scratch.Output + (row * padded), target + 16, padded * sizeof(float), padded * sizeof(float));
        }
    }

    private readonly void Write(in RowTile rows)
    {
        int group = Job.Group, size = Job.Layout.HeadSize;
        for (int row = 0; row < rows.Count; row++)
        {
            long token = rows.Sequence.RowStart + rows.Item.FirstQuery + (row / group);
            int head = (rows.Item.KeyHead * group) + (row % group);
            SoftmaxRow.Write(rows.Scratch.MergedOutput + (row * Job.Layout.PaddedHeadSize), rows.Scratch.MergedSum[row], Job.Output + (token * Job.OutputStride) + (head * size), size);
            if (Job.LogSumExp is not null) Job.LogSumExp[(token * Job.Settings.Heads) + head] = rows.Scratch.MergedMaximum[row] + MathF.Log(rows.Scratch.MergedSum[row]);
        }
    }

    private readonly byte* Page(in RowTile rows, int position, out int slot) => Page(rows.Sequence, position, out slot);

    private readonly byte* Page(in AttentionSequence sequence, int position, out int slot)
    {
        return (byte*)sequence.Pages[Job.Layout.PageOf(position, out slot)] + (Job.Settings.Layer * Job.Layout.LayerBytes);
    }

    /// <summary>Where the keys from a position on begin, a multiple of 16.</summary>
    private readonly byte* Keys(in RowTile rows, int position, out int slot) =>
        Page(rows, position, out slot) + Job.Layout.KeyOffset(rows.Item.KeyHead, slot);

    /// <summary>Where the values from a position on begin.</summary>
    private readonly byte* Values(in RowTile rows, int position, out int slot) =>
        Page(rows, position, out slot) + Job.Layout.ValueOffset(rows.Item.KeyHead, slot);

    /// <summary>Whether one of the rows sees a key from … to.</summary>
    private static bool Sees(int* starts, int* ends, int row, int height, int from, int to)
    {
        for (int i = row; i < row + height; i++)
        {
            if (starts[i] < to && ends[i] > from && starts[i] < ends[i]) return true;
        }

        return false;
    }
}
