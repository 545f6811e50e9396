// Shape suffixes: T tokens, H query heads, K key/value heads, D head size, E hidden size.
using LongContext.Attention;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A layer's attention: projections, norms of queries and keys, rotation, kernel, output projection.</summary>
internal sealed partial class AttentionBlock
{
    private readonly int index;
    private readonly int rotaryKind;
    private readonly DecoderShape shape;
    private readonly LayerShape layer;
    private readonly IAttentionKernel kernel;
    private readonly Linear? fused;
    private readonly Linear? query;
    private readonly Linear? key;
    private readonly Linear? value;
    private readonly Linear output;
    private readonly RmsNorm? queryNorm;
    private readonly RmsNorm? keyNorm;

    public AttentionBlock(int index, int rotaryKind, DecoderShape shape, ModelParameters parameters, IAttentionKernel kernel)
    {
        this.index = index;
        this.rotaryKind = rotaryKind;
        this.shape = shape;
        this.kernel = kernel;
        layer = shape.Layers[index];
        string prefix = DecoderTensors.AttentionPrefix(index);
        if (shape.FusedProjections)
        {
            fused = Linear.Find(parameters, prefix + "qkv_proj");
        }
        else
        {
            query = Linear.Find(parameters, prefix + "q_proj");
            key = Linear.Find(parameters, prefix + "k_proj");
            value = Linear.Find(parameters, prefix + "v_proj");
        }

        output = Linear.Find(parameters, prefix + "o_proj");
        if (shape.QueryKeyNorm == QueryKeyNorm.None) return;
        queryNorm = new RmsNorm(parameters.Find(prefix + "q_norm.weight"), shape.Norm);
        keyNorm = new RmsNorm(parameters.Find(prefix + "k_norm.weight"), shape.Norm);
    }

    /// <summary>[T, E] → [T, E].</summary>
    public Tensor Forward(Tensor x_TE, LayerCall call)
    {
        (Tensor q_THD, Tensor k_TKD, Tensor v_TKD) = Project(x_TE);
        bool rotates = rotaryKind != RotaryEmbedding.NoPositions;
        AttentionArguments arguments = Arguments(call);
        if (call.LayerAttention is { } attention) return Output(attention.Attend(index, rotaryKind, q_THD, k_TKD, v_TKD, kernel, arguments));
        if (RemappingOf(call) is { } remapping) return Output(Remapped(q_THD, k_TKD, v_TKD, call, remapping, arguments));

        RotaryRows? rows = rotates ? call.Rows[rotaryKind] : null, rowsOfAll = rotates ? call.RowsOfAll?[rotaryKind] : null;
        if (call.Cache is { } cache)
        {
            q_THD = Rotate(q_THD, rows);
            (k_TKD, v_TKD) = cache.Append(index, k_TKD, v_TKD, rows, rowsOfAll);
        }
        else if (rows is { } given)
        {
            (q_THD, k_TKD) = Rotary.Turn(q_THD, k_TKD, given);
        }

        return Output(kernel.Forward(q_THD, k_TKD, v_TKD, arguments));
    }

    private Tensor Output(Tensor attended_THD) => output.Apply(attended_THD.reshape(-1, (long)shape.HeadCount * shape.HeadDimension));

    private AttentionArguments Arguments(LayerCall call) =>
        call.Attention with { SlidingWindow = layer.SlidingWindow, SoftCap = shape.AttentionSoftCap, Scale = shape.AttentionScale };

    /// <summary>The remapping that holds in this layer; null where it holds none.</summary>
    private PositionRemapping? RemappingOf(LayerCall call) => rotaryKind != RotaryEmbedding.NoPositions && layer.SlidingWindow is null ? call.Remapping : null;

    private Tensor Remapped(Tensor q_THD, Tensor k_TKD, Tensor v_TKD, LayerCall call, PositionRemapping remapping, AttentionArguments arguments)
    {
        RemappedRows rows = call.RemappedRows![rotaryKind];
        Tensor[] queryViews = Array.ConvertAll(rows.Queries, view => Rotary.Apply(q_THD, view));
        Tensor[] keyMaps = Array.ConvertAll(rows.Keys, map => Rotary.Apply(k_TKD, map));
        if (call.Cache is { } cache)
        {
            // A key's places depend on the key alone: all of them are cached, side by side.
            (Tensor all_SKM, v_TKD) = cache.Append(index, cat(keyMaps, -1), v_TKD, rows: null, rowsOfAll: null);
            keyMaps = [.. Enumerable.Range(0, keyMaps.Length).Select(map => all_SKM.narrow(2, (long)map * shape.HeadDimension, shape.HeadDimension))];
        }

        return RemappedAttention.Forward(queryViews, keyMaps, v_TKD, remapping, arguments);
    }

    private static Tensor Rotate(Tensor x_THD, RotaryRows? rows) => rows is { } given ? Rotary.Apply(x_THD, given) : x_THD;

    private (Tensor Q_THD, Tensor K_TKD, Tensor V_TKD) Project(Tensor x_TE)
    {
        HeadRange all = AllHeads;
        (Tensor q_TQ, Tensor k_TP, Tensor v_TP) = ProjectFlat(x_TE, all, default);
        (Tensor q_THD, Tensor k_TKD) = NormalisedHeads(q_TQ, k_TP, all);
        return (q_THD, k_TKD, Heads(v_TP, all.KeyCount));
    }

    private HeadRange AllHeads => new(0, shape.KeyValueHeadCount, shape.HeadCount / shape.KeyValueHeadCount, IsAll: true);

    /// <summary>The projections of some heads, before norms and rotation, each head's elements side by side.</summary>
    private (Tensor Q_TQ, Tensor K_TP, Tensor V_TP) ProjectFlat(Tensor x_TE, HeadRange heads, LinearCall call)
    {
        HeadRows rows = RowsOf(heads);
        if (!shape.FusedProjections) return (query!.Apply(x_TE, Of(rows.Query)), key!.Apply(x_TE, Of(rows.Key)), value!.Apply(x_TE, Of(rows.Value)));
        if (!heads.IsAll) return (fused!.Apply(x_TE, Of(rows.Query)), fused.Apply(x_TE, Of(rows.Key)), fused.Apply(x_TE, Of(rows.Value)));
        Tensor all = fused!.Apply(x_TE, call);
        return (Part(rows.Query), Part(rows.Key), Part(rows.Value));

        LinearCall Of((long Start, long Count) part) => heads.IsAll ? call : call with { Rows = part };

        Tensor Part((long Start, long Count) part) => all.narrow(1, part.Start, part.Count);
    }

    /// <summary>Where the heads' rows lie in the projections' matrices.</summary>
    private HeadRows RowsOf(HeadRange heads)
    {
        long size = shape.HeadDimension, queries = shape.HeadCount * size, keys = shape.KeyValueHeadCount * size;
        long keyStart = shape.FusedProjections ? queries : 0, valueStart = shape.FusedProjections ? queries + keys : 0;
        return new HeadRows(
            (heads.FirstQuery * size, heads.QueryCount * size),
            (keyStart + (heads.FirstKey * size), heads.KeyCount * size),
            (valueStart + (heads.FirstKey * size), heads.KeyCount * size));
    }

    private (Tensor Q_THD, Tensor K_TKD) NormalisedHeads(Tensor q_TQ, Tensor k_TP, HeadRange heads)
    {
        if (shape.QueryKeyNorm == QueryKeyNorm.AllHeads) (q_TQ, k_TP) = (queryNorm!.Apply(q_TQ), keyNorm!.Apply(k_TP));
        Tensor q_THD = Heads(q_TQ, heads.QueryCount), k_TKD = Heads(k_TP, heads.KeyCount);
        return shape.QueryKeyNorm == QueryKeyNorm.PerHead ? (queryNorm!.Apply(q_THD), keyNorm!.Apply(k_TKD)) : (q_THD, k_TKD);
    }

    private Tensor Heads(Tensor x, long count) => x.reshape(-1, count, shape.HeadDimension);

    /// <summary>Rows of matrices, first and count.</summary>
    private readonly record struct HeadRows((long Start, long Count) Query, (long Start, long Count) Key, (long Start, long Count) Value);
}
