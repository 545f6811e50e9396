using LongContext.Generation.Sampling;

namespace LongContext.Generation.Running;

/// <summary>Which of a prompt's tokens each head keeps, found while its last tokens are computed.</summary>
/// <param name="selection">How it is chosen.</param>
/// <param name="promptLength">Tokens of the prompt.</param>
internal sealed class PromptChoice(PromptSelection selection, int promptLength)
{
    private readonly Dictionary<(int Layer, int Head), int[]> kept = [];
    private readonly float[] padded = selection.Pooling == VotePooling.Mean ? [] : new float[promptLength - selection.ObservedTokens + selection.PoolSize - 1];
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
        int before = pooled.Length, most = selection.MaximumTokens - selection.ObservedTokens;
        if (selection.Pooling == VotePooling.Mean) PoolMeans(votes[..before]);
        else PoolMaxima(votes[..before]);
        for (int i = 0; i < before; i++) keys[i] = ScoreKeys.Of(pooled[i], i);
        ScoreKeys.Select(keys, most);
        if (!kept.TryGetValue((layer, head), out int[]? chosen)) kept.Add((layer, head), chosen = new int[selection.MaximumTokens]);
        for (int i = 0; i < most; i++) chosen[i] = ScoreKeys.Token(keys[i]);
        for (int i = most; i < chosen.Length; i++) chosen[i] = before + i - most;
        chosen.AsSpan(0, most).Sort();
    }

    /// <summary>Each in the order of its tokens: a sum that is carried on from one to the next would round otherwise, and choose otherwise.</summary>
    private void PoolMeans(ReadOnlySpan<float> votes)
    {
        int reach = selection.PoolSize / 2;
        for (int i = 0; i < votes.Length; i++)
        {
            float sum = 0;
            foreach (float vote in votes[Math.Max(0, i - reach)..Math.Min(votes.Length, i + reach + 1)]) sum += vote;
            pooled[i] = sum / selection.PoolSize;
        }
    }

    /// <summary>Of a power of two of neighbours, doubled as long as it is no more than the pool; two of those that overlap are the pool.</summary>
    private void PoolMaxima(ReadOnlySpan<float> votes)
    {
        Span<float> largest = padded;
        int size = selection.PoolSize, span = 1;
        largest.Clear();
        // Weights are 0 or more.
        votes.CopyTo(largest[(size / 2)..]);
        for (; 2 * span <= size; span *= 2)
        {
            for (int i = 0; i < largest.Length - span; i++) largest[i] = Math.Max(largest[i], largest[i + span]);
        }

        for (int i = 0; i < votes.Length; i++) pooled[i] = Math.Max(largest[i], largest[i + size - span]);
    }
}
