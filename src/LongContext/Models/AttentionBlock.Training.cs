// Shape suffixes: T tokens, C tokens of a tile, H query heads, K key/value heads, D head size, E hidden size, A all heads' elements.
using LongContext.Attention;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// Attention in training: projections walk tiles of tokens without autograd, attention itself runs over the whole pack, for all heads or
/// for some at a time.
/// </summary>
internal sealed partial class AttentionBlock
{
    /// <summary>What of it trains.</summary>
    public IEnumerable<Parameter> Trained =>
        new[] { fused, query, key, value, output }.OfType<Linear>().SelectMany(linear => linear.Trained)
            .Concat(new[] { queryNorm, keyNorm }.OfType<RmsNorm>().SelectMany(norm => norm.Trained));

    /// <summary>The heads walked at a time.</summary>
    public IReadOnlyList<HeadRange> HeadRanges(TiledCall call)
    {
        int group = shape.HeadCount / shape.KeyValueHeadCount;
        // A norm over all heads of a token needs them together.
        if (call.KeyHeadsAtATime >= shape.KeyValueHeadCount || shape.QueryKeyNorm == QueryKeyNorm.AllHeads) return [AllHeads];
        var ranges = new List<HeadRange>();
        for (int first = 0; first < shape.KeyValueHeadCount; first += call.KeyHeadsAtATime)
            ranges.Add(new HeadRange(first, Math.Min(call.KeyHeadsAtATime, shape.KeyValueHeadCount - first), group, IsAll: false));
        return ranges;
    }

    /// <summary>Attention of some heads, ready for its backward.</summary>
    /// <param name="x_TE">The layer's inputs.</param>
    /// <param name="before">The norm before attention; null for none.</param>
    /// <param name="call">The pass.</param>
    /// <param name="heads">Which heads.</param>
    public AttentionPass Attend(Tensor x_TE, RmsNorm? before, TiledCall call, HeadRange heads)
    {
        using var scope = NewDisposeScope();
        (Tensor q_THD, Tensor k_TKD, Tensor v_TKD) = ProjectTiled(x_TE, before, call, heads);
        return kernel is IAttentionBackward own && RemappingOf(call.Layer) is null
            ? KernelAttentionPass.Run(own, q_THD, k_TKD, v_TKD, Arguments(call.Layer))
            : AutogradAttentionPass.Run(q_THD, k_TKD, v_TKD, (q, k, v) => Attention(q, k, v, call.Layer));
    }

    /// <summary>Attention of all heads [T, A], for the forward alone.</summary>
    public Tensor AttendAll(Tensor x_TE, RmsNorm? before, TiledCall call)
    {
        using var scope = NewDisposeScope();
        IReadOnlyList<HeadRange> ranges = HeadRanges(call);
        if (ranges.Count == 1) return Attended(ranges[0]).flatten(1).MoveToOuterDisposeScope();
        Tensor output_THD = empty([call.TokenCount, shape.HeadCount, shape.HeadDimension], dtype: x_TE.dtype, device: x_TE.device);
        foreach (HeadRange heads in ranges)
        {
            using var each = NewDisposeScope();
            output_THD.narrow(1, heads.FirstQuery, heads.QueryCount).copy_(Attended(heads));
        }

        return output_THD.flatten(1).MoveToOuterDisposeScope();

        Tensor Attended(HeadRange heads)
        {
            (Tensor q_THD, Tensor k_TKD, Tensor v_TKD) = ProjectTiled(x_TE, before, call, heads);
            return Attention(q_THD, k_TKD, v_TKD, call.Layer);
        }
    }

    /// <summary>Some heads' part of [T, A], as [T, H, D]; a view.</summary>
    public Tensor OfHeads(Tensor all_TA, HeadRange heads) =>
        all_TA.reshape(-1, shape.HeadCount, shape.HeadDimension).narrow(1, heads.FirstQuery, heads.QueryCount);

    /// <summary>What attention adds, before any norm: [C, A] → [C, E].</summary>
    public Tensor ApplyOutput(Tensor attended_CA, Tile tile) => output.Apply(attended_CA, tile.Call);

    /// <summary>Gradient of <see cref="ApplyOutput"/>'s input.</summary>
    public Tensor BackwardOutput(Tensor attended_CA, Tensor gradient_CE, Tile tile) => output.Backward(attended_CA, gradient_CE, tile.Call);

    /// <summary>Backward of the projections of some heads: adds the weights' gradients, and the layer inputs' to <paramref name="gradient_TE"/>.</summary>
    public void BackwardProjections(
        Tensor x_TE, Tensor gradient_TE, RmsNorm? before, TiledCall call, HeadRange heads, (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) gradients)
    {
        foreach (Tile tile in call.Tiles)
        {
            using var scope = NewDisposeScope();
            Tensor x_CE = tile.Of(x_TE), input_CE = before is null ? x_CE : before.Apply(x_CE);
            Tensor q_CHD = tile.Of(gradients.Q_THD), k_CKD = tile.Of(gradients.K_TKD), v_CKD = tile.Of(gradients.V_TKD);
            if (RotationOf(tile, call.Layer) is { } rows) (q_CHD, k_CKD) = (Rotary.Backward(q_CHD, rows), Rotary.Backward(k_CKD, rows));
            (Tensor q_CQ, Tensor k_CP) = BackwardNorms(input_CE, q_CHD, k_CKD, heads, tile.Call);
            Tensor result_CE = BackwardFlat(input_CE, heads, tile.Call, q_CQ, k_CP, v_CKD.flatten(1));
            if (before is null) tile.Of(gradient_TE).AddInPlace(result_CE);
            else before.AddBackward(x_CE, result_CE, tile.Of(gradient_TE));
        }
    }

    private (Tensor Q_CQ, Tensor K_CP) BackwardNorms(Tensor input_CE, Tensor q_CHD, Tensor k_CKD, HeadRange heads, LinearCall call)
    {
        if (shape.QueryKeyNorm == QueryKeyNorm.None) return (q_CHD.flatten(1), k_CKD.flatten(1));
        (Tensor rawQ_CQ, Tensor rawK_CP, _) = ProjectFlat(input_CE, heads, call);
        return shape.QueryKeyNorm == QueryKeyNorm.AllHeads
            ? (queryNorm!.Backward(rawQ_CQ, q_CHD.flatten(1)), keyNorm!.Backward(rawK_CP, k_CKD.flatten(1)))
            : (queryNorm!.Backward(Heads(rawQ_CQ, heads.QueryCount), q_CHD).flatten(1), keyNorm!.Backward(Heads(rawK_CP, heads.KeyCount), k_CKD).flatten(1));
    }

    private Tensor BackwardFlat(Tensor input_CE, HeadRange heads, LinearCall call, Tensor q_CQ, Tensor k_CP, Tensor v_CP)
    {
        if (shape.FusedProjections && heads.IsAll) return fused!.Backward(input_CE, cat([q_CQ, k_CP, v_CP], 1), call);
        HeadRows rows = RowsOf(heads);
        Tensor result_CE = (fused ?? query!).Backward(input_CE, q_CQ, Of(rows.Query));
        result_CE.AddInPlace((fused ?? key!).Backward(input_CE, k_CP, Of(rows.Key)));
        return result_CE.AddInPlace((fused ?? value!).Backward(input_CE, v_CP, Of(rows.Value)));

        LinearCall Of((long Start, long Count) part) => heads.IsAll ? call : call with { Rows = part };
    }

    /// <summary>Queries, keys and values of some heads over the whole pack, rotated unless attention itself does that.</summary>
    private (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) ProjectTiled(Tensor x_TE, RmsNorm? before, TiledCall call, HeadRange heads)
    {
        Tensor q_THD = Room(heads.QueryCount), k_TKD = Room(heads.KeyCount), v_TKD = Room(heads.KeyCount);
        foreach (Tile tile in call.Tiles)
        {
            using var scope = NewDisposeScope();
            Tensor x_CE = tile.Of(x_TE);
            (Tensor q_CQ, Tensor k_CP, Tensor v_CP) = ProjectFlat(before is null ? x_CE : before.Apply(x_CE), heads, tile.Call);
            (Tensor q_CHD, Tensor k_CKD) = NormalisedHeads(q_CQ, k_CP, heads);
            Rotary.Write(q_CHD, tile.Of(q_THD), k_CKD, tile.Of(k_TKD), RotationOf(tile, call.Layer));
            tile.Of(v_TKD).copy_(Heads(v_CP, heads.KeyCount));
        }

        return (q_THD, k_TKD, v_TKD);

        Tensor Room(int count) => empty([call.TokenCount, count, shape.HeadDimension], dtype: x_TE.dtype, device: x_TE.device);
    }

    private Tensor Attention(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, LayerCall call) => RemappingOf(call) is { } remapping
        ? Remapped(q_THD, k_TKD, v_TKD, call, remapping, Arguments(call))
        : kernel.Forward(q_THD, k_TKD, v_TKD, Arguments(call));

    /// <summary>The tile's rotation; null where there is none, or where attention does it view by view.</summary>
    private RotaryRows? RotationOf(Tile tile, LayerCall call) =>
        rotaryKind == RotaryEmbedding.NoPositions || RemappingOf(call) is not null ? null : call.Rows[rotaryKind].Of(tile);
}
