// Shape suffixes: T tokens, H query heads, K key/value heads, D head size.
using LongContext.Attention;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>SnapKV by its definition: all keys at once, whole matrices of weights, and for what follows the prompt a mask for each head.</summary>
internal sealed class DenseSelectionAttention(RotaryEmbedding rotary, PromptSelection selection, int prompt, int count) : ILayerAttention
{
    private readonly RotaryRows[] rows = rotary.Rows([.. Enumerable.Range(0, count)], [0, count], [count]);

    public Tensor Attend(int layer, int rotaryKind, Tensor q_THD, Tensor k_TKD, Tensor v_TKD, IAttentionKernel kernel, AttentionArguments arguments)
    {
        if (rotaryKind != RotaryEmbedding.NoPositions) (q_THD, k_TKD) = (Rotary.Apply(q_THD, rows[rotaryKind]), Rotary.Apply(k_TKD, rows[rotaryKind]));
        int heads = (int)q_THD.shape[1], group = heads / (int)k_TKD.shape[1], window = arguments.SlidingWindow ?? int.MaxValue;
        Tensor k_HDT = k_TKD.repeat_interleave(group, 1).permute(1, 2, 0), v_HTD = v_TKD.repeat_interleave(group, 1).permute(1, 0, 2);
        Tensor scores_HTT = q_THD.permute(1, 0, 2).matmul(k_HDT).Times(arguments.Scale ?? 1 / Math.Sqrt(q_THD.shape[2]));
        if (arguments.SoftCap is { } cap) scores_HTT = scores_HTT.SoftCapped(cap);
        var mask = new float[heads, count, count];
        Fill((head, i, j) => j <= i && i - j < window);
        if (arguments.SlidingWindow is null)
        {
            float[] weights = scores_HTT.Plus(tensor(mask)).softmax(-1).data<float>().ToArray();
            HashSet<int>[] kept = [.. Enumerable.Range(0, heads / group).Select(head => Kept(weights, head, group))];
            Fill((head, i, j) => j <= i && (i < prompt || j >= prompt || kept[head / group].Contains(j)));
        }

        return scores_HTT.Plus(tensor(mask)).softmax(-1).matmul(v_HTD).permute(1, 0, 2).contiguous();

        void Fill(Func<int, int, int, bool> sees)
        {
            for (int head = 0; head < heads; head++)
            {
                for (int i = 0; i < count; i++)
                {
                    for (int j = 0; j < count; j++) mask[head, i, j] = sees(head, i, j) ? 0 : float.NegativeInfinity;
                }
            }
        }
    }

    /// <summary>Logits of every token.</summary>
    public static float[] Logits(CausalLanguageModel model, int[] tokens, PromptSelection selection, int prompt)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var attention = new DenseSelectionAttention(model.RotaryEmbedding, selection, prompt, tokens.Length);
        using Tensor ids = HostTensors.FromIds(tokens, model.Device);
        return model.Logits(model.ForwardStep(ids, new[] { 0, tokens.Length }, attention, null, CancellationToken.None)).to(ScalarType.Float32).data<float>().ToArray();
    }

    private HashSet<int> Kept(float[] weights, int head, int group)
    {
        int before = prompt - selection.ObservedTokens, reach = selection.PoolSize / 2;
        var votes = new double[before];
        for (int query = before; query < prompt; query++)
        {
            for (int h = head * group; h < (head + 1) * group; h++)
            {
                for (int key = 0; key < before; key++) votes[key] += weights[(((h * count) + query) * count) + key];
            }
        }

        double Pooled(int key)
        {
            double[] near = [.. Enumerable.Range(key - reach, selection.PoolSize).Where(i => i >= 0 && i < before).Select(i => votes[i])];
            return selection.Pooling == VotePooling.Mean ? near.Sum() / selection.PoolSize : near.Max();
        }

        return [.. Enumerable.Range(0, before).OrderByDescending(Pooled).Take(selection.MaximumTokens - selection.ObservedTokens), .. Enumerable.Range(before, selection.ObservedTokens)];
    }
}
