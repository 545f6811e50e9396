// Shape suffixes: T tokens, E hidden size.
using LongContext.Attention;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>x + attention(x), then x + mlp(x), with the norms where the family has them, over a pack.</summary>
internal sealed partial class DecoderLayer
{
    private readonly DecoderShape shape;
    private readonly AttentionBlock attention;
    private readonly MlpBlock mlp;
    private readonly RmsNorm? beforeAttention;
    private readonly RmsNorm? afterAttention;
    private readonly RmsNorm? beforeMlp;
    private readonly RmsNorm? afterMlp;

    public DecoderLayer(int index, int rotaryKind, DecoderShape shape, ModelParameters parameters, IAttentionKernel kernel)
    {
        this.shape = shape;
        attention = new AttentionBlock(index, rotaryKind, shape, parameters, kernel);
        mlp = new MlpBlock(index, shape, parameters);
        beforeAttention = Find(shape.BlockNorms.BeforeAttention);
        afterAttention = Find(shape.BlockNorms.AfterAttention);
        beforeMlp = Find(shape.BlockNorms.BeforeMlp);
        afterMlp = Find(shape.BlockNorms.AfterMlp);

        RmsNorm? Find(string? name) =>
            name is null ? null : new RmsNorm(parameters.Find(DecoderTensors.LayerPrefix(index) + name + ".weight"), shape.Norm);
    }

    /// <summary>[T, E] → [T, E]; made in the caller's dispose scope, with nothing else left there.</summary>
    public Tensor Forward(Tensor x_TE, LayerCall call)
    {
        using var scope = NewDisposeScope();
        Tensor attended_TE = Norm(afterAttention, attention.Forward(Norm(beforeAttention, x_TE), call));
        (Tensor middle_TE, Tensor input_TE) = Join(x_TE, Scaled(attended_TE));
        Tensor result_TE = middle_TE.Plus(Scaled(Norm(afterMlp, mlp.Forward(input_TE))));
        return result_TE.MoveToOuterDisposeScope();
    }

    /// <summary>The hidden states with what attention adds, and what the MLP gets of them.</summary>
    private (Tensor Middle_TE, Tensor Input_TE) Join(Tensor x_TE, Tensor added_TE)
    {
        if (beforeMlp is not null) return beforeMlp.ApplyToSum(x_TE, added_TE);
        Tensor middle_TE = x_TE.Plus(added_TE);
        return (middle_TE, middle_TE);
    }

    private static Tensor Norm(RmsNorm? norm, Tensor x_TE) => norm is null ? x_TE : norm.Apply(x_TE);

    private Tensor Scaled(Tensor x_TE) => shape.ResidualScale == 1 ? x_TE : x_TE.Times(shape.ResidualScale);
}
