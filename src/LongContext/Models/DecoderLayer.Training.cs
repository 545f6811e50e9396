// Shape suffixes: T tokens, C tokens of a tile, E hidden size, A all heads' elements.
using LongContext.Tensors;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A layer's forward and backward without one graph over all of it: tiles of tokens for what is wide, the whole pack for attention.</summary>
internal sealed partial class DecoderLayer
{
    /// <summary>What of the layer trains.</summary>
    public IReadOnlyList<Parameter> Trained =>
    [
        .. attention.Trained, .. mlp.Trained,
        .. new[] { beforeAttention, afterAttention, beforeMlp, afterMlp }.OfType<RmsNorm>().SelectMany(norm => norm.Trained),
    ];

    /// <summary>[T, E] → [T, E], and what is kept for <see cref="Backward"/>.</summary>
    public Tensor ForwardTiled(Tensor x_TE, TiledCall call, Recomputation recomputation, out KeptActivations? kept)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        kept = recomputation == Recomputation.Layer ? null : new KeptActivations();
        try
        {
            Tensor attended_TA;
            IReadOnlyList<HeadRange> ranges = attention.HeadRanges(call);
            if (kept is not null && ranges.Count == 1)
            {
                kept.Attention = attention.Attend(x_TE, beforeAttention, call, ranges[0]);
                attended_TA = kept.Attention.Output_THD.flatten(1);
            }
            else
            {
                attended_TA = attention.AttendAll(x_TE, beforeAttention, call);
            }

            Tensor result_TE = empty_like(x_TE);
            foreach (Tile tile in call.Tiles)
            {
                using var each = NewDisposeScope();
                (Tensor middle_CE, Tensor input_CE) = Middle(tile.Of(x_TE), Added(tile.Of(attended_TA), tile));
                (Tensor gate_CF, Tensor up_CF) = mlp.Open(input_CE, tile);
                Tensor added_CE = Scaled(Norm(afterMlp, mlp.Close(gate_CF, up_CF, tile)));
                tile.Of(result_TE).copy_(middle_CE.Plus(added_CE));
                if (recomputation == Recomputation.Nothing)
                    kept!.Tiles.Add(new KeptActivations.KeptTile(middle_CE.DetachFromDisposeScope(), gate_CF.DetachFromDisposeScope(), up_CF.DetachFromDisposeScope()));
            }

            return result_TE.MoveToOuterDisposeScope();
        }
        catch
        {
            kept?.Dispose();
            throw;
        }
    }

    /// <summary>Adds the gradients of what trains in the layer, and turns the gradient of its outputs into that of its inputs, in place.</summary>
    /// <param name="x_TE">The inputs.</param>
    /// <param name="gradient_TE">Gradient of the outputs; afterwards of the inputs.</param>
    /// <param name="call">The pass, as in <see cref="ForwardTiled"/>.</param>
    /// <param name="kept">What that left; null to compute it again. Used up.</param>
    public void Backward(Tensor x_TE, Tensor gradient_TE, TiledCall call, KeptActivations? kept)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        IReadOnlyList<HeadRange> ranges = attention.HeadRanges(call);
        using AttentionPass? whole = kept?.Attention ?? (ranges.Count == 1 ? attention.Attend(x_TE, beforeAttention, call, ranges[0]) : null);
        Tensor attended_TA = whole is null ? attention.AttendAll(x_TE, beforeAttention, call) : whole.Output_THD.detach().flatten(1);
        Tensor attendedGradient_TA = empty_like(attended_TA);
        int index = 0;
        foreach (Tile tile in call.Tiles)
        {
            using var each = NewDisposeScope();
            using KeptActivations.KeptTile? keptTile = kept is { Tiles.Count: > 0 } ? kept.Tiles[index++] : null;
            BackwardTile(tile.Of(x_TE), tile.Of(attended_TA), tile.Of(gradient_TE), tile.Of(attendedGradient_TA), tile, keptTile);
        }

        foreach (HeadRange heads in ranges)
        {
            using var each = NewDisposeScope();
            Tensor gradient_THD = attention.OfHeads(attendedGradient_TA, heads);
            using AttentionPass? part = whole is null ? attention.Attend(x_TE, beforeAttention, call, heads) : null;
            var gradients = (whole ?? part!).Backward(gradient_THD);
            // Their memory is needed below.
            (whole ?? part!).Dispose();
            if (heads == ranges[^1])
            {
                attended_TA.Dispose();
                attendedGradient_TA.Dispose();
            }

            attention.BackwardProjections(x_TE, gradient_TE, beforeAttention, call, heads, gradients);
        }
    }

    private void BackwardTile(Tensor x_CE, Tensor attended_CA, Tensor gradient_CE, Tensor attendedGradient_CA, Tile tile, KeptActivations.KeptTile? kept)
    {
        Tensor? added_CE = kept is null || afterAttention is not null ? Added(attended_CA, tile) : null;
        (Tensor middle_CE, Tensor input_CE) = kept is null ? Middle(x_CE, added_CE!) : (kept.Middle_CE, Norm(beforeMlp, kept.Middle_CE));
        BackwardMlp(middle_CE, input_CE, gradient_CE, tile, kept);

        Tensor upstream_CE = Scaled(gradient_CE);
        if (afterAttention is not null) upstream_CE = afterAttention.Backward(added_CE!, upstream_CE);
        attendedGradient_CA.copy_(attention.BackwardOutput(attended_CA, upstream_CE, tile));
    }

    private void BackwardMlp(Tensor middle_CE, Tensor input_CE, Tensor gradient_CE, Tile tile, KeptActivations.KeptTile? kept)
    {
        using var scope = NewDisposeScope();
        (Tensor gate_CF, Tensor up_CF) = kept is null ? mlp.Open(input_CE, tile) : (kept.Gate_CF, kept.Up_CF);
        Tensor upstream_CE = Scaled(gradient_CE);
        if (afterMlp is not null) upstream_CE = afterMlp.Backward(mlp.Close(gate_CF, up_CF, tile), upstream_CE);
        Tensor result_CE = mlp.Backward(input_CE, gate_CF, up_CF, upstream_CE, tile);
        if (beforeMlp is null) gradient_CE.AddInPlace(result_CE);
        else beforeMlp.AddBackward(middle_CE, result_CE, gradient_CE);
    }

    /// <summary>What attention adds, before any norm after it.</summary>
    private Tensor Added(Tensor attended_CA, Tile tile) => attention.ApplyOutput(attended_CA, tile);

    private (Tensor Middle_CE, Tensor Input_CE) Middle(Tensor x_CE, Tensor added_CE) => Join(x_CE, Scaled(Norm(afterAttention, added_CE)));
}
