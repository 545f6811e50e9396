// Shape suffixes: T tokens, H query heads, K key/value heads, D head size, E hidden size, F intermediate size.
using LongContext.Attention;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>x + attention(norm(x)), then x + mlp(norm(x)): the pre-norm layer of Llama, over a pack.</summary>
internal sealed class DecoderLayer
{
    private readonly int index;
    private readonly DecoderShape shape;
    private readonly IAttentionKernel kernel;
    private readonly Tensor inputNorm_E;
    private readonly Tensor outputNorm_E;
    private readonly Linear query;
    private readonly Linear key;
    private readonly Linear value;
    private readonly Linear output;
    private readonly Linear gate;
    private readonly Linear up;
    private readonly Linear down;

    public DecoderLayer(int index, DecoderShape shape, ModelParameters parameters, IAttentionKernel kernel)
    {
        this.index = index;
        this.shape = shape;
        this.kernel = kernel;
        string prefix = $"model.layers.{index}.";
        inputNorm_E = parameters[prefix + "input_layernorm.weight"];
        outputNorm_E = parameters[prefix + "post_attention_layernorm.weight"];
        query = Linear.Find(parameters, prefix + "self_attn.q_proj");
        key = Linear.Find(parameters, prefix + "self_attn.k_proj");
        value = Linear.Find(parameters, prefix + "self_attn.v_proj");
        output = Linear.Find(parameters, prefix + "self_attn.o_proj");
        gate = Linear.Find(parameters, prefix + "mlp.gate_proj");
        up = Linear.Find(parameters, prefix + "mlp.up_proj");
        down = Linear.Find(parameters, prefix + "mlp.down_proj");
    }

    /// <summary>[T, E] → [T, E]; made in the caller's dispose scope, with nothing else left there.</summary>
    public Tensor Forward(Tensor x_TE, LayerCall call)
    {
        using var scope = NewDisposeScope();
        Tensor afterAttention_TE = x_TE + Attend(RmsNorm.Apply(x_TE, inputNorm_E, shape.RmsNormEpsilon), call);
        Tensor afterMlp_TE = afterAttention_TE + Mlp(RmsNorm.Apply(afterAttention_TE, outputNorm_E, shape.RmsNormEpsilon));
        return afterMlp_TE.MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor x_TE, LayerCall call)
    {
        Tensor q_THD = query.Apply(x_TE).view(-1, shape.HeadCount, shape.HeadDimension);
        Tensor k_TKD = key.Apply(x_TE).view(-1, shape.KeyValueHeadCount, shape.HeadDimension);
        Tensor v_TKD = value.Apply(x_TE).view(-1, shape.KeyValueHeadCount, shape.HeadDimension);
        q_THD = Rotary.Apply(q_THD, call.Cos_T1D, call.Sin_T1D);
        if (call.Cache is { } cache)
            (k_TKD, v_TKD) = cache.Append(index, k_TKD, v_TKD, call.Cos_T1D, call.Sin_T1D);
        else
            k_TKD = Rotary.Apply(k_TKD, call.Cos_T1D, call.Sin_T1D);

        Tensor attended_THD = kernel.Forward(q_THD, k_TKD, v_TKD, call.Attention);
        return output.Apply(attended_THD.reshape(-1, (long)shape.HeadCount * shape.HeadDimension));
    }

    private Tensor Mlp(Tensor x_TE) => down.Apply(gate.Apply(x_TE).silu() * up.Apply(x_TE));

    /// <summary>x·Wᵀ (+ b).</summary>
    private readonly record struct Linear(Tensor Weight, Tensor? Bias)
    {
        public static Linear Find(ModelParameters parameters, string name) =>
            new(parameters[name + ".weight"], parameters.TryGetValue(name + ".bias", out Tensor? bias) ? bias : null);

        public Tensor Apply(Tensor x) => nn.functional.linear(x, Weight, Bias!);
    }
}
