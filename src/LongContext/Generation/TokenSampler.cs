namespace LongContext.Generation;

/// <summary>Chooses the next token from logits: penalties, then temperature, top-k, top-p and min-p in transformers' order, then a draw.</summary>
internal sealed class TokenSampler(GenerationOptions options)
{
    private readonly Random random = new(options.Seed);
    private int[] order = [];
    private float[] keys = [];
    private double[] weights = [];

    /// <summary>The chosen token's id. The logits are changed.</summary>
    /// <param name="logits">One score for each token of the vocabulary.</param>
    /// <param name="seen">Tokens of prompt and output so far, for the repetition penalty.</param>
    /// <param name="made">Tokens of the output so far and how often each is there, for the other two penalties. Default: nobody counted.</param>
    public int Next(Span<float> logits, IReadOnlySet<int> seen, IReadOnlyDictionary<int, int>? made = null)
    {
        if (options.RepetitionPenalty != 1)
        {
            foreach (int token in seen)
                logits[token] = (float)(logits[token] > 0 ? logits[token] / options.RepetitionPenalty : logits[token] * options.RepetitionPenalty);
        }

        if (made is not null && (options.FrequencyPenalty != 0 || options.PresencePenalty != 0))
        {
            foreach ((int token, int count) in made) logits[token] -= (float)((count * options.FrequencyPenalty) + options.PresencePenalty);
        }

        return options.Temperature == 0 ? Likeliest(logits) : Draw(logits);
    }

    /// <summary>The first of the highest scores, as torch.argmax gives.</summary>
    private static int Likeliest(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }

        return best;
    }

    private int Draw(ReadOnlySpan<float> logits)
    {
        int candidates = Sort(logits);
        double total = 0, highest = -keys[0];
        // The difference first: however low the temperature, the likeliest weighs exp(0).
        for (int i = 0; i < candidates; i++) total += weights[i] = Math.Exp((-keys[i] - highest) / options.Temperature);

        // Top-p: the shortest prefix that reaches p; min-p: those within a ratio of the likeliest, whose weight is 1.
        if (options.TopP is { } topP)
        {
            double mass = 0, kept = 0;
            int count = 0;
            while (count < candidates && (count == 0 || mass < topP * total)) kept = mass += weights[count++];
            (candidates, total) = (count, kept);
        }

        if (options.MinP is { } minP)
        {
            while (candidates > 1 && weights[candidates - 1] < minP) total -= weights[--candidates];
        }

        double drawn = random.NextDouble() * total;
        for (int i = 0; i < candidates - 1; i++)
        {
            drawn -= weights[i];
            if (drawn < 0) return order[i];
        }

        return order[candidates - 1];
    }

    /// <summary>Tokens by falling score into <see cref="order"/>, negated scores into <see cref="keys"/>; how many top-k leaves.</summary>
    private int Sort(ReadOnlySpan<float> logits)
    {
        if (order.Length < logits.Length) (order, keys, weights) = (new int[logits.Length], new float[logits.Length], new double[logits.Length]);
        for (int i = 0; i < logits.Length; i++) (order[i], keys[i]) = (i, -logits[i]);
        Array.Sort(keys, order, 0, logits.Length);
        return Math.Min(options.TopK ?? logits.Length, logits.Length);
    }
}
