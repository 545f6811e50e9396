using LongContext.Generation.Sampling;

namespace LongContext.Generation.Running;

/// <summary>Which of a prompt's tokens each head keeps, found while its last tokens are computed.</summary>
/// <param name="selection">How it is chosen.</param>
/// <param name="promptLength">Tokens of the prompt.</param>
internal sealed class PromptChoice(PromptSelection selection, int promptLength)
{
    private readonly Dictionary<(int Layer, int Head), int[]> kept = [];
    private readonly float[] pooled = new float[promptLength - selection.ObservedTokens];
    private readonly ulong[] keys = new ulong[promptLength - selection.ObservedTokens];

    /// <summary>Last tokens of the prompt, whose queries vote.</summary>
    public int ObservedTokens => selection.ObservedTokens;

    /// <summary>Tokens that are kept.</summary>
    public int Count => selection.MaximumTokens;

    public int PromptLength => promptLength;

    /// <summary>The tokens that a head keeps, in rising order.</summary>
    /// <param name="layer">The layer's place in its group.</param>
    /// <param name="head">The head of keys and values.</param>
    public ReadOnlySpan<int> Kept(int layer, int head) => kept[(layer, head)];

    /// <summary>Chooses for a head.</summary>
    /// <param name="layer">The layer's place in its group.</param>
    /// <param name="head">The head of keys and values.</param>
    /// <param name="votes">Weights of each token before the observed ones, summed over queries.</param>
    public void Choose(int layer, int head, ReadOnlySpan<float> votes)
    {
        int before = pooled.Length, most = selection.MaximumTokens - selection.ObservedTokens, reach = selection.PoolSize / 2;
        for (int i = 0; i < before; i++)
        {
            ReadOnlySpan<float> near = votes[Math.Max(0, i - reach)..Math.Min(before, i + reach + 1)];
            float sum = 0, largest = 0;
            foreach (float vote in near) (sum, largest) = (sum + vote, Math.Max(largest, vote));
            pooled[i] = selection.Pooling == VotePooling.Mean ? sum / selection.PoolSize : largest;
            keys[i] = ScoreKeys.Of(pooled[i], i);
        }

        ScoreKeys.Select(keys, most);
        if (!kept.TryGetValue((layer, head), out int[]? chosen)) kept.Add((layer, head), chosen = new int[selection.MaximumTokens]);
        for (int i = 0; i < most; i++) chosen[i] = ScoreKeys.Token(keys[i]);
        for (int i = most; i < chosen.Length; i++) chosen[i] = before + i - most;
        chosen.AsSpan(0, most).Sort();
    }
}
