namespace LongContext.Models;

/// <summary>Names and shapes of a checkpoint's tensors, as all families here name them.</summary>
internal static class DecoderTensors
{
    public const string Embedding = "model.embed_tokens.weight";

    public const string FinalNorm = "model.norm.weight";

    public const string Head = "lm_head.weight";

    /// <summary>What names of layers' tensors begin with.</summary>
    public const string Layers = "model.layers.";

    public static string LayerPrefix(int index) => $"{Layers}{index}.";

    public static string AttentionPrefix(int index) => LayerPrefix(index) + "self_attn.";

    public static string MlpPrefix(int index) => LayerPrefix(index) + "mlp.";

    /// <summary>All tensors in the order of the forward pass.</summary>
    public static IEnumerable<(string Name, long[] Shape)> All(DecoderShape shape)
    {
        yield return (Embedding, [shape.VocabularySize, shape.HiddenSize]);
        for (int i = 0; i < shape.LayerCount; i++)
        {
            foreach ((string, long[]) tensor in Layer(shape, i)) yield return tensor;
        }

        yield return (FinalNorm, [shape.HiddenSize]);
        if (!shape.TieWordEmbeddings) yield return (Head, [shape.VocabularySize, shape.HiddenSize]);
    }

    private static IEnumerable<(string, long[])> Layer(DecoderShape shape, int index)
    {
        BlockNorms norms = shape.BlockNorms;
        return
        [
            .. Norm(norms.BeforeAttention), .. Attention(shape, AttentionPrefix(index)), .. Norm(norms.AfterAttention),
            .. Norm(norms.BeforeMlp), .. Mlp(shape, MlpPrefix(index)), .. Norm(norms.AfterMlp),
        ];

        IEnumerable<(string, long[])> Norm(string? name) =>
            name is null ? [] : [(LayerPrefix(index) + name + ".weight", [shape.HiddenSize])];
    }

    private static IEnumerable<(string, long[])> Attention(DecoderShape shape, string prefix)
    {
        long hidden = shape.HiddenSize, queries = (long)shape.HeadCount * shape.HeadDimension, keys = (long)shape.KeyValueHeadCount * shape.HeadDimension;
        bool bias = shape.QueryKeyValueBias;
        IEnumerable<(string, long[])> projections = shape.FusedProjections
            ? Linear(prefix + "qkv_proj", queries + (2 * keys), hidden, bias)
            : [.. Linear(prefix + "q_proj", queries, hidden, bias), .. Linear(prefix + "k_proj", keys, hidden, bias), .. Linear(prefix + "v_proj", keys, hidden, bias)];
        IEnumerable<(string, long[])> norms = shape.QueryKeyNorm switch
        {
            QueryKeyNorm.PerHead => [(prefix + "q_norm.weight", [shape.HeadDimension]), (prefix + "k_norm.weight", [shape.HeadDimension])],
            QueryKeyNorm.AllHeads => [(prefix + "q_norm.weight", [queries]), (prefix + "k_norm.weight", [keys])],
            _ => [],
        };
        return [.. projections, .. norms, .. Linear(prefix + "o_proj", hidden, queries, shape.OutputBias)];
    }

    private static IEnumerable<(string, long[])> Mlp(DecoderShape shape, string prefix)
    {
        long hidden = shape.HiddenSize, inner = shape.IntermediateSize;
        IEnumerable<(string, long[])> inputs = shape.FusedProjections
            ? Linear(prefix + "gate_up_proj", 2 * inner, hidden, shape.MlpBias)
            : [.. Linear(prefix + "gate_proj", inner, hidden, shape.MlpBias), .. Linear(prefix + "up_proj", inner, hidden, shape.MlpBias)];
        return [.. inputs, .. Linear(prefix + "down_proj", hidden, inner, shape.MlpBias)];
    }

    private static IEnumerable<(string, long[])> Linear(string name, long outputs, long inputs, bool bias) =>
        bias ? [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])] : [(name + ".weight", [outputs, inputs])];
}
