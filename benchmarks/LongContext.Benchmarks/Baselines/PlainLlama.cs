// Shape suffixes: B documents, L tokens of each, S tokens with the cached ones, H heads, K key/value heads, D head size, E hidden, V vocabulary.
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace LongContext.Benchmarks.Baselines;

/// <summary>
/// A Llama as one would write it over padded batches: rows of equal length, positions from 0, libtorch's causal attention, all
/// logits at once. Padding stands at a row's end, where causality hides it.
/// </summary>
internal sealed class PlainLlama : IDisposable
{
    /// <summary>Held, as TorchSharp holds no number while native code reads it.</summary>
    private static readonly Scalar Two = 2L.ToScalar();

    private readonly ModelConfig config;
    private readonly Dictionary<string, Parameter> weights = [];

    /// <summary>Takes over a model's shape and a copy of its weights.</summary>
    public PlainLlama(CausalLanguageModel model, bool requiresGradient)
    {
        config = model.Config;
        foreach ((string name, Tensor weight) in model.Parameters)
            weights.Add(name, new Parameter(weight.detach().clone().DetachFromDisposeScope(), requiresGradient));
    }

    public IEnumerable<Parameter> Parameters => weights.Values;

    public int LayerCount => config.LayerCount;

    /// <summary>Logits [B, L, V].</summary>
    /// <param name="ids_BL">Tokens.</param>
    /// <param name="cache">Keys and values of earlier tokens by layer, replaced by those with these tokens; null for none.</param>
    /// <param name="lastOnly">Whether only each row's last token is scored.</param>
    public Tensor Logits(Tensor ids_BL, (Tensor K, Tensor V)?[]? cache = null, bool lastOnly = false)
    {
        long start = cache?[0]?.K.shape[2] ?? 0, length = ids_BL.shape[1];
        (Tensor cos_LD, Tensor sin_LD) = Tables(start, length);
        Tensor x_BLE = weights["model.embed_tokens.weight"][ids_BL];
        for (int i = 0; i < config.LayerCount; i++)
        {
            string layer = $"model.layers.{i}.";
            x_BLE = x_BLE.Plus(Attend(Norm(x_BLE, layer + "input_layernorm"), i, cos_LD, sin_LD, cache));
            Tensor normed_BLE = Norm(x_BLE, layer + "post_attention_layernorm");
            x_BLE = x_BLE.Plus(Linear(Linear(normed_BLE, layer + "mlp.gate_proj").silu() * Linear(normed_BLE, layer + "mlp.up_proj"), layer + "mlp.down_proj"));
        }

        if (lastOnly) x_BLE = x_BLE.narrow(1, length - 1, 1);
        return Linear(Norm(x_BLE, "model.norm"), config.TieWordEmbeddings ? "model.embed_tokens" : "lm_head");
    }

    public void Dispose()
    {
        foreach (Parameter weight in weights.Values) weight.Dispose();
    }

    private Tensor Attend(Tensor x_BLE, int layer, Tensor cos_LD, Tensor sin_LD, (Tensor K, Tensor V)?[]? cache)
    {
        string name = $"model.layers.{layer}.self_attn.";
        Tensor q_BHLD = Rotate(Heads(Linear(x_BLE, name + "q_proj"), config.HeadCount), cos_LD, sin_LD);
        Tensor k_BKSD = Rotate(Heads(Linear(x_BLE, name + "k_proj"), config.KeyValueHeadCount), cos_LD, sin_LD);
        Tensor v_BKSD = Heads(Linear(x_BLE, name + "v_proj"), config.KeyValueHeadCount);
        if (cache is not null)
        {
            if (cache[layer] is { } earlier) (k_BKSD, v_BKSD) = (cat([earlier.K, k_BKSD], 2), cat([earlier.V, v_BKSD], 2));
            cache[layer] = (k_BKSD, v_BKSD);
        }

        int group = config.HeadCount / config.KeyValueHeadCount;
        if (group > 1) (k_BKSD, v_BKSD) = (k_BKSD.repeat_interleave(group, 1), v_BKSD.repeat_interleave(group, 1));
        Tensor output_BHLD = nn.functional.scaled_dot_product_attention(q_BHLD, k_BKSD, v_BKSD, is_casual: x_BLE.shape[1] > 1);
        return Linear(output_BHLD.transpose(1, 2).flatten(2), name + "o_proj");
    }

    private (Tensor Cos_LD, Tensor Sin_LD) Tables(long start, long length)
    {
        Tensor inverse = pow(config.RopeTheta, TensorArithmetic.Range(0, config.HeadDimension / 2, CPU).to(ScalarType.Float32).Times(2.0 / config.HeadDimension)).reciprocal();
        Tensor angles = TensorArithmetic.Range(start, start + length, CPU).to(ScalarType.Float32).outer(inverse);
        Tensor both = cat([angles, angles], -1);
        return (both.cos(), both.sin());
    }

    private Tensor Heads(Tensor x_BLE, int count) => x_BLE.view(x_BLE.shape[0], x_BLE.shape[1], count, config.HeadDimension).transpose(1, 2);

    private static Tensor Rotate(Tensor x_BHLD, Tensor cos_LD, Tensor sin_LD)
    {
        Tensor[] halves = x_BHLD.chunk(2, -1);
        return (x_BHLD * cos_LD).Plus(cat([-halves[1], halves[0]], -1) * sin_LD);
    }

    private Tensor Norm(Tensor x_BLE, string name) =>
        x_BLE * x_BLE.pow(Two).mean([-1], keepdim: true).Plus(config.RmsNormEpsilon).rsqrt() * weights[name + ".weight"];

    private Tensor Linear(Tensor x, string name) => nn.functional.linear(x, weights[name + ".weight"]);
}
