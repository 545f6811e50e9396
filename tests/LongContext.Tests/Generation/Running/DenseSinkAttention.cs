// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using LongContext.Attention;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>Sinks and a window by their definition: all keys at once, a matrix of scores in each of the two rotations of queries, and masks.</summary>
internal sealed class DenseSinkAttention(RotaryEmbedding rotary, AttentionSinks? sinks, int count) : ILayerAttention
{
    private readonly RotaryRows[] own = rotary.Rows([.. Enumerable.Range(0, count)], [0, count], [count]);
    private readonly RotaryRows[] far = rotary.Rows(
        [.. Enumerable.Range(0, count).Select(i => sinks is { Positions: SinkPositions.InCache } ? Math.Min(i, sinks.Sinks + sinks.Window - 1) : i)], [0, count], [count]);

    public Tensor Attend(int layer, int rotaryKind, Tensor q_THD, Tensor k_TKD, Tensor v_TKD, IAttentionKernel kernel, AttentionArguments arguments)
    {
        bool rotates = rotaryKind != RotaryEmbedding.NoPositions;
        Tensor farQ_THD = rotates ? Rotary.Apply(q_THD, far[rotaryKind]) : q_THD;
        if (rotates) (q_THD, k_TKD) = (Rotary.Apply(q_THD, own[rotaryKind]), Rotary.Apply(k_TKD, own[rotaryKind]));
        int window = arguments.SlidingWindow ?? sinks?.Window ?? int.MaxValue, first = arguments.SlidingWindow is null ? sinks?.Sinks ?? 0 : 0;
        var seen = new float[count, count];
        var isSink = new float[count, count];
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                bool near = j <= i && i - j < window, sink = !near && j < first && j <= i;
                seen[i, j] = near || sink ? 0 : float.NegativeInfinity;
                isSink[i, j] = sink ? 1 : 0;
            }
        }

        Tensor scores_HTT = where(tensor(isSink).to_type(ScalarType.Bool), Scores(farQ_THD), Scores(q_THD)).Plus(tensor(seen));
        Tensor v_HTD = v_TKD.repeat_interleave(q_THD.shape[1] / v_TKD.shape[1], 1).permute(1, 0, 2);
        return scores_HTT.softmax(-1).matmul(v_HTD).permute(1, 0, 2).contiguous();

        Tensor Scores(Tensor queries_THD)
        {
            Tensor k_HDT = k_TKD.repeat_interleave(queries_THD.shape[1] / k_TKD.shape[1], 1).permute(1, 2, 0);
            Tensor scores = queries_THD.permute(1, 0, 2).matmul(k_HDT).Times(arguments.Scale ?? 1 / Math.Sqrt(queries_THD.shape[2]));
            return arguments.SoftCap is { } cap ? scores.SoftCapped(cap) : scores;
        }
    }

    /// <summary>Logits of every token.</summary>
    public static float[] Logits(CausalLanguageModel model, int[] tokens, AttentionSinks? sinks)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using Tensor ids = HostTensors.FromIds(tokens, model.Device);
        Tensor hidden = model.ForwardStep(ids, new[] { 0, tokens.Length }, new DenseSinkAttention(model.RotaryEmbedding, sinks, tokens.Length), null, CancellationToken.None);
        return model.Logits(hidden).to(ScalarType.Float32).data<float>().ToArray();
    }
}
