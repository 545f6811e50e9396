// Shape suffixes: T tokens of the step, S keys, H query heads, K key/value heads, D head size.
using LongContext.Attention;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>
/// Attention of one step over pages, by libtorch's operators and an <see cref="IAttentionKernel"/>: a layer's new keys and values are written, then those
/// that a sequence sees are gathered, of a window only its pages. Its tensors belong to the dispose scope in which it was made.
/// </summary>
/// <remarks>
/// Under a remapping of positions a key has a place for each key map. Where there are several, keys are kept unrotated and all that are seen are rotated
/// in each step, so that a page has one size for all sequences.
/// </remarks>
internal sealed class TensorPagedAttention : ILayerAttention
{
    /// <summary>Sequences share a call while their keys, gathered side by side, have no more bytes than this.</summary>
    private const long BytesTogether = 256L << 20;

    private readonly ITensorPages store;
    private readonly CacheGroups groups;
    private readonly StepSequence[] sequences;
    private readonly RotaryRows[] rows;

    /// <summary>By sequence and kind of rotary settings; null without a remapping.</summary>
    private readonly RemappedRows[]?[] remappedRows;

    /// <summary>By group and sequence.</summary>
    private readonly PageGather[][] gathers;

    /// <summary>By sequence, pages of the sinks that lie before its windows, and rotary rows by kind for the queries that look at them; null where nothing was dropped.</summary>
    private readonly (PageGather? Pages, RotaryRows[] Queries)?[] sinks;

    public TensorPagedAttention(ITensorPages store, CacheGroups groups, RotaryEmbedding rotary, StepBatch batch)
    {
        (this.store, this.groups) = (store, groups);
        sequences = batch.Sequences.ToArray();
        var positions = new int[batch.TokenCount];
        var borders = new int[sequences.Length + 1];
        var lengths = new int[sequences.Length];
        for (int i = 0; i < sequences.Length; i++)
        {
            StepSequence sequence = sequences[i];
            for (int t = 0; t < sequence.TokenCount; t++) positions[sequence.TokenStart + t] = sequence.CachedTokens + t;
            borders[i + 1] = sequence.TokenStart + sequence.TokenCount;
            lengths[i] = Math.Max(sequence.FrequencyLength, sequence.CachedTokens + sequence.TokenCount);
        }

        Borders = borders;
        rows = rotary.Rows(positions, borders, lengths);
        remappedRows = [.. sequences.Select(sequence => Remapped(sequence))];
        gathers = [.. Enumerable.Range(0, groups.Windows.Count).Select(group => sequences.Select(sequence => Gather(group, sequence)).ToArray())];

        sinks = [.. sequences.Select(sequence => SinksOf(rotary, sequence))];

        RemappedRows[]? Remapped(StepSequence sequence)
        {
            if (sequence.Remapping is not { } remapping) return null;
            ReadOnlySpan<int> own = positions.AsSpan(sequence.TokenStart, sequence.TokenCount);
            return rotary.RemappedRows(remapping, own, remapping.KeyMapCount == 1 ? own : [.. Enumerable.Range(0, sequence.CachedTokens + sequence.TokenCount)]);
        }
    }

    /// <summary>Borders of the sequences among the step's tokens.</summary>
    public int[] Borders { get; }

    /// <inheritdoc />
    public Tensor Attend(int layer, int rotaryKind, Tensor q_THD, Tensor k_TKD, Tensor v_TKD, IAttentionKernel kernel, AttentionArguments arguments)
    {
        bool rotates = rotaryKind != RotaryEmbedding.NoPositions, remaps = rotates && arguments.SlidingWindow is null;
        (Tensor rawQ_THD, Tensor rawK_TKD) = (q_THD, k_TKD);
        // Not in place: remapped sequences need them as they were.
        if (rotates) (q_THD, k_TKD) = (Rotary.Apply(q_THD, rows[rotaryKind]), Rotary.Apply(k_TKD, rows[rotaryKind]));
        for (int i = 0; i < sequences.Length; i++)
        {
            Tensor keys_TKD = RowsOf(remaps && remappedRows[i] is not null ? rawK_TKD : k_TKD, i);
            if (remaps && remappedRows[i]?[rotaryKind].Keys is [var only]) keys_TKD = Rotary.Apply(keys_TKD, only);
            int group = groups.GroupOf(layer);
            store.Write(layer, sequences[i].Pages, Slot(group, sequences[i]), gathers[group][i], keys_TKD, RowsOf(v_TKD, i));
            if (arguments.SlidingWindow is null && sequences[i].Choice is { } choice) Vote(layer, i, RowsOf(q_THD, i), choice, arguments);
        }

        var outputs = new List<Tensor>();
        for (int i = 0; i < sequences.Length;)
        {
            if (arguments.SlidingWindow is null && sinks[i] is { } far)
            {
                outputs.Add(AttendSinks(layer, i, rotates ? Rotary.Apply(RowsOf(rawQ_THD, i), far.Queries[rotaryKind]) : RowsOf(q_THD, i), RowsOf(q_THD, i), far.Pages, arguments));
                i++;
            }
            else if (remaps && remappedRows[i] is { } own)
            {
                outputs.Add(AttendRemapped(layer, i, RowsOf(rawQ_THD, i), own[rotaryKind], arguments));
                i++;
            }
            else
            {
                int end = i + 1;
                for (long bytes = KeyBytes(layer, i, q_THD); end < sequences.Length && !(remaps && remappedRows[end] is not null) && !(arguments.SlidingWindow is null && sinks[end] is not null) && JoinsCalls(kernel); end++)
                {
                    bytes += KeyBytes(layer, end, q_THD);
                    if (bytes > BytesTogether) break;
                }

                outputs.Add(AttendTogether(layer, i, end, q_THD, kernel, arguments));
                i = end;
            }
        }

        return outputs.Count == 1 ? outputs[0] : cat(outputs, 0);
    }

    /// <summary>libtorch's kernel takes documents of different lengths one after another anyway, and alone their keys need not be copied side by side.</summary>
    private static bool JoinsCalls(IAttentionKernel kernel) => kernel is not LibtorchAttentionKernel;

    private long KeyBytes(int layer, int sequence, Tensor q_THD) =>
        2 * gathers[groups.GroupOf(layer)][sequence].Count * q_THD.size(1) * q_THD.size(2) * q_THD.element_size();

    private Tensor AttendTogether(int layer, int first, int end, Tensor q_THD, IAttentionKernel kernel, AttentionArguments arguments)
    {
        using var scope = NewDisposeScope();
        int count = end - first;
        int[] queryBorders = new int[count + 1], keyBorders = new int[count + 1];
        var keys = new Tensor[count];
        var values = new Tensor[count];
        for (int i = 0; i < count; i++)
        {
            PageGather gather = gathers[groups.GroupOf(layer)][first + i];
            (keys[i], values[i]) = store.Read(layer, gather, q_THD.dtype);
            queryBorders[i + 1] = queryBorders[i] + sequences[first + i].TokenCount;
            keyBorders[i + 1] = keyBorders[i] + gather.Count;
        }

        Tensor k_SKD = count == 1 ? keys[0] : cat(keys, 0), v_SKD = count == 1 ? values[0] : cat(values, 0);
        AttentionArguments own = arguments with { CumulativeSequenceLengths = queryBorders, CumulativeKeyLengths = keyBorders };
        return kernel.Forward(q_THD.narrow(0, sequences[first].TokenStart, queryBorders[count]), k_SKD, v_SKD, own).MoveToOuterDisposeScope();
    }

    private Tensor AttendRemapped(int layer, int sequence, Tensor q_THD, RemappedRows own, AttentionArguments arguments)
    {
        using var scope = NewDisposeScope();
        PageGather gather = gathers[groups.GroupOf(layer)][sequence];
        (Tensor k_SKD, Tensor v_SKD) = store.Read(layer, gather, q_THD.dtype);
        Tensor[] queryViews = Array.ConvertAll(own.Queries, view => Rotary.Apply(q_THD, view));
        Tensor[] keyMaps = own.Keys.Length == 1 ? [k_SKD] : Array.ConvertAll(own.Keys, map => Rotary.Apply(k_SKD, map));
        AttentionArguments borders = arguments with { CumulativeSequenceLengths = new[] { 0, sequences[sequence].TokenCount }, CumulativeKeyLengths = new[] { 0, gather.Count } };
        return RemappedAttention.Forward(queryViews, keyMaps, v_SKD, sequences[sequence].Remapping!, borders).MoveToOuterDisposeScope();
    }

    private Tensor AttendSinks(int layer, int sequence, Tensor farQ_THD, Tensor q_THD, PageGather? far, AttentionArguments arguments)
    {
        using var scope = NewDisposeScope();
        PageGather near = gathers[groups.GroupOf(layer)][sequence];
        (Tensor k_NKD, Tensor v_NKD) = store.Read(layer, near, q_THD.dtype);
        (Tensor farK_SKD, Tensor farV_SKD) = far is null ? (k_NKD.narrow(0, 0, 0), v_NKD.narrow(0, 0, 0)) : store.Read(layer, far, q_THD.dtype);
        AttentionSinks own = sequences[sequence].Sinks!;
        return SinkAttention.Forward(farQ_THD, q_THD, farK_SKD, farV_SKD, k_NKD, v_NKD, sequences[sequence].CachedTokens, own.Window, arguments).MoveToOuterDisposeScope();
    }

    private (PageGather? Pages, RotaryRows[] Queries)? SinksOf(RotaryEmbedding rotary, StepSequence sequence)
    {
        int group = groups.Windows.ToList().IndexOf(null);
        if (group < 0 || sequence.Sinks is not { } own) return null;
        int end = sequence.CachedTokens + sequence.TokenCount;
        if (own.FirstVisible(end - 1) == 0) return null;
        int[] positions = [.. Enumerable.Range(sequence.CachedTokens, sequence.TokenCount).Select(own.QueryPosition)];
        return (own.Sinks == 0 ? null : Far(group, sequence, Math.Min(own.Sinks, own.FirstVisible(end - 1))), rotary.Rows(positions, [0, positions.Length], [end]));
    }

    private PageGather Gather(int group, StepSequence sequence) =>
        store.Gather(group, sequence.Pages, groups.FirstVisible(group, sequence, sequence.CachedTokens), Slot(group, sequence), Slot(group, sequence) + sequence.TokenCount);

    /// <summary>The first tokens, which were written long ago.</summary>
    private PageGather Far(int group, StepSequence sequence, int count) => store.Gather(group, sequence.Pages, 0, count, count);

    private int Slot(int group, StepSequence sequence) => groups.Windows[group] is null ? sequence.CachedTokens - sequence.Dropped : sequence.CachedTokens;

    /// <summary>Lets the last tokens of a prompt choose which keys a layer's heads keep.</summary>
    private void Vote(int layer, int sequence, Tensor q_THD, PromptChoice choice, AttentionArguments arguments)
    {
        using var scope = NewDisposeScope();
        int observed = choice.ObservedTokens, count = choice.PromptLength;
        (Tensor k_SKD, _) = store.Read(layer, gathers[groups.GroupOf(layer)][sequence], q_THD.dtype);
        Tensor q_THDlast = q_THD.narrow(0, q_THD.size(0) - observed, observed);
        Tensor q_KGTD = q_THDlast.reshape(observed, k_SKD.size(1), -1, q_THD.size(2)).permute(1, 2, 0, 3).Times(arguments.Scale ?? 1 / Math.Sqrt(k_SKD.size(2)));
        Tensor query_T1 = TensorArithmetic.Range(count - observed, count, q_THD.device).unsqueeze(1), key_1S = TensorArithmetic.Range(0, count, q_THD.device).unsqueeze(0);
        Tensor hidden_TS = key_1S > query_T1;
        for (int head = 0; head < (int)k_SKD.size(1); head++)
        {
            // One key head at a time: the scores of all heads of a long prompt would be gigabytes.
            using var own = NewDisposeScope();
            Tensor scores_GTS = q_KGTD.select(0, head).matmul(k_SKD.select(1, head).t());
            if (arguments.SoftCap is { } cap) scores_GTS = scores_GTS.SoftCapped(cap);
            Tensor weights_GTS = scores_GTS.Masked(hidden_TS, double.NegativeInfinity).softmax(-1, ScalarType.Float32);
            Tensor votes_S = weights_GTS.sum([0L, 1L]).narrow(0, 0, count - observed).cpu().contiguous();
            choice.Choose(groups.PlaceOf(layer), head, votes_S.data<float>().ToArray());
        }
    }

    private Tensor RowsOf(Tensor x, int sequence) => x.narrow(0, sequences[sequence].TokenStart, sequences[sequence].TokenCount);
}
