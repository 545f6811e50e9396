// Shape suffixes: T tokens of the step, S keys, H query heads, K key/value heads, D head size.
using LongContext.Attention;
using LongContext.Models;
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
            store.Write(layer, sequences[i].Pages, sequences[i].CachedTokens, gathers[groups.GroupOf(layer)][i], keys_TKD, RowsOf(v_TKD, i));
        }

        var outputs = new List<Tensor>();
        for (int i = 0; i < sequences.Length;)
        {
            if (remaps && remappedRows[i] is { } own)
            {
                outputs.Add(AttendRemapped(layer, i, RowsOf(rawQ_THD, i), own[rotaryKind], arguments));
                i++;
            }
            else
            {
                int end = i + 1;
                for (long bytes = KeyBytes(layer, i, q_THD); end < sequences.Length && !(remaps && remappedRows[end] is not null) && JoinsCalls(kernel); end++)
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
        2 * gathers[groups.GroupOf(layer)][sequence].Count * q_THD.shape[1] * q_THD.shape[2] * q_THD.element_size();

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

    private PageGather Gather(int group, StepSequence sequence) =>
        store.Gather(group, sequence.Pages, groups.FirstVisible(group, sequence.CachedTokens), sequence.CachedTokens, sequence.CachedTokens + sequence.TokenCount);

    private Tensor RowsOf(Tensor x, int sequence) => x.narrow(0, sequences[sequence].TokenStart, sequences[sequence].TokenCount);
}
