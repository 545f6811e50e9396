using LongContext.Cpu.Memory;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>
/// Causal attention of new tokens over a paged cache that holds them already: softmax(scale · q·Kᵀ, soft-capped, inside the window)·V. Keeps its working memory from call to call.
/// One caller at a time.
/// </summary>
/// <remarks>
/// The online softmax of FlashAttention (Dao et al. 2022, arXiv:2205.14135, §3.1), with partitions along the keys for decoding (Flash-Decoding, Dao et al. 2023). A row goes through
/// its keys in blocks and partitions at absolute positions, which are merged in rising order, and each number is summed in one fixed order. So a row's result has the same bits whatever
/// other rows there are, however they are cut into calls and onto threads, and wherever pages lie. Slots behind a row's position and before its window never enter.
/// </remarks>
internal sealed unsafe class PagedAttention : IDisposable
{
    /// <summary>Up to so many queries of a sequence, the work is cut along the keys.</summary>
    private const int SplitQueries = 16;

    private readonly NativeBuffer items = new();
    private readonly NativeBuffer order = new();
    private readonly NativeBuffer partials = new();
    private readonly NativeBuffer scratch = new();
    private bool disposed;

    /// <summary>Bytes of working memory held now.</summary>
    public long WorkspaceBytes => items.Bytes + order.Bytes + partials.Bytes + scratch.Bytes;

    /// <summary>Bytes of partial results for a token that a sequence sees, at most: those of a sequence with as many new tokens as the keys are still cut for.</summary>
    /// <param name="layout">How pages lie.</param>
    /// <param name="heads">Query heads.</param>
    public static double PartialBytesOfToken(in CacheLayout layout, int heads) => (double)SplitQueries * heads * AttentionJob.PartialBytesOf(layout) / AttentionJob.PartitionKeys;

    /// <summary>Computes attention of all rows.</summary>
    /// <param name="team">Who works.</param>
    /// <param name="layout">How pages lie.</param>
    /// <param name="sequences">The batch; keys and values of its rows are in the cache. Empty is fine.</param>
    /// <param name="settings">The layer.</param>
    /// <param name="queries">[rows, heads, head size], float32.</param>
    /// <param name="queryStride">Elements from a row of queries to the next.</param>
    /// <param name="output">[rows, heads, head size], float32; may be the queries' memory.</param>
    /// <param name="outputStride">Elements from a row of outputs to the next.</param>
    /// <param name="logSumExp">[rows, heads]: the logarithm of each softmax's denominator; null if not wanted.</param>
    public void Forward(CpuTeam team, in CacheLayout layout, ReadOnlySpan<AttentionSequence> sequences, in AttentionSettings settings,
        float* queries, long queryStride, float* output, long outputStride, float* logSumExp = null)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (settings.Heads < 1 || settings.Heads % layout.KeyHeads != 0)
            throw new ArgumentException($"There are {settings.Heads} query heads, expected a multiple of the {layout.KeyHeads} key heads.", nameof(settings));
        if (sequences.IsEmpty) return;
        fixed (AttentionSequence* first = sequences)
        {
            var job = new AttentionJob
            {
                Layout = layout,
                Settings = settings,
                Sequences = first,
                Queries = queries,
                QueryStride = queryStride,
                Output = output,
                OutputStride = outputStride,
                LogSumExp = logSumExp,
            };
            job.TileQueries = Math.Max(1, AttentionJob.TileRows / job.Group);
            foreach (AttentionSequence sequence in sequences)
            {
                if (sequence.Sinks > 0 && sequence.Window == 0) throw new ArgumentException("Sinks are there for a window alone.", nameof(sequences));
                if (sequence.Views is null) continue;
                if (sequence.Views->ViewCount is < 1 or > AttentionJob.MaximumViews)
                    throw new ArgumentException($"There are {sequence.Views->ViewCount} views, expected 1 to {AttentionJob.MaximumViews}.", nameof(sequences));
                if (settings.Window > 0 || sequence.Window > 0) throw new ArgumentException("Remapped positions and a window exclude each other.", nameof(sequences));
                job.ViewCapacity = Math.Max(job.ViewCapacity, sequence.Views->ViewCount);
            }

            Run(team, ref job, sequences.Length);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        disposed = true;
        items.Dispose();
        order.Dispose();
        partials.Dispose();
        scratch.Dispose();
    }

    private void Run(CpuTeam team, ref AttentionJob job, int sequenceCount)
    {
        // Counted first, then written: items before merges.
        AttentionPlan plan = AttentionPlan.Make(ref job, sequenceCount, SplitQueries, null, null);
        if (plan.Items == 0) return;
        job.Items = (AttentionItem*)items.Ensure((plan.Items + plan.Merges) * (long)sizeof(AttentionItem));
        job.Order = (long*)order.Ensure(plan.Items * (long)sizeof(long));
        AttentionPlan.Make(ref job, sequenceCount, SplitQueries, job.Items + plan.Items, job.Order);
        new Span<long>(job.Order, plan.Items).Sort();
        job.Partials = partials.Ensure(plan.PartialBytes);
        _ = new TileScratch(null, job, out job.ScratchBytes);
        job.ItemCount = plan.Items;
        job.InShares = plan.SplitItems == plan.Items;
        job.Scratch = scratch.Ensure(job.ScratchBytes * team.Workers);
        switch (job.Layout.Format)
        {
            case CacheFormat.Float32: Run<Float32Elements>(team, job, plan); break;
            case CacheFormat.BFloat16: Run<BFloat16Elements>(team, job, plan); break;
            case CacheFormat.Float8: Run<Float8Elements>(team, job, plan); break;
            default: Run<Int8Elements>(team, job, plan); break;
        }

        if (plan.Merges == 0) return;
        var merge = new MergeWork { Job = job, Merges = job.Items + plan.Items };
        team.Run(ref merge, plan.Merges);
    }

    private static void Run<TElement>(CpuTeam team, in AttentionJob job, AttentionPlan plan)
        where TElement : struct, IElementFormat
    {
        var work = new AttentionWork<TElement> { Job = job };
        team.Run(ref work, plan.Items, job.InShares);
    }
}
