namespace LongContext.Generation.Sampling;

/// <summary>What penalties and bans must know of a sequence: only what the options ask for is kept.</summary>
internal sealed class TokenHistory
{
    private readonly GenerationOptions options;
    private readonly bool keepsOrder;
    private readonly ulong[] seenBits = [];
    private readonly Dictionary<int, int>? made;
    private int[] seen = [];
    private int[] tokens = [];

    /// <summary>For each beginning of the last tokens how many of its own last ones are a beginning too; made once they are first looked for.</summary>
    private int[] borders = [];
    private int seenCount;
    private readonly Stack<(int Token, bool IsNew)> guesses = new();

    public TokenHistory(GenerationOptions options, int vocabularySize, ReadOnlySpan<int> prompt)
    {
        this.options = options;
        int answer = Math.Min(options.MaximumNewTokens, 4096);
        if (options.RepetitionPenalty != 1)
        {
            seenBits = new ulong[(vocabularySize + 63) / 64];
            seen = new int[Math.Min(vocabularySize, prompt.Length + answer)];
        }

        if (options.FrequencyPenalty != 0 || options.PresencePenalty != 0) made = new Dictionary<int, int>(Math.Min(vocabularySize, answer));
        keepsOrder = options.NoRepeatNGramSize is not null || options.BadWordIds.Any(word => word.Count > 1);
        if (keepsOrder)
        {
            tokens = new int[prompt.Length + answer];
            prompt.CopyTo(tokens);
        }

        TokenCount = prompt.Length;
        foreach (int token in prompt) See(token);
    }

    /// <summary>Tokens of prompt and output.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Whether there is anything that changes scores.</summary>
    public bool Changes => options.RepetitionPenalty != 1 || made is not null || options.NoRepeatNGramSize is not null || options.BadWordIds.Count > 0;

    /// <summary>Takes the next token of the output.</summary>
    public void Add(int token)
    {
        See(token);
        if (made is not null) made[token] = made.GetValueOrDefault(token) + 1;
        if (keepsOrder)
        {
            if (TokenCount == tokens.Length) Array.Resize(ref tokens, checked(2 * tokens.Length));
            tokens[TokenCount] = token;
        }

        TokenCount++;
    }

    /// <summary>Takes a guessed token of the output, until guesses are taken out again.</summary>
    public void AddGuess(int token)
    {
        int before = seenCount;
        Add(token);
        guesses.Push((token, seenCount > before));
    }

    /// <summary>Takes all guesses out again.</summary>
    public void RemoveGuesses()
    {
        while (guesses.TryPop(out (int Token, bool IsNew) guess))
        {
            if (guess.IsNew)
            {
                seenCount--;
                seenBits[guess.Token >> 6] &= ~(1UL << guess.Token);
            }

            if (made is not null)
            {
                if (made[guess.Token] == 1) made.Remove(guess.Token);
                else made[guess.Token]--;
            }

            TokenCount--;
        }
    }

    /// <summary>Changes scores by the penalties and takes out what would make a forbidden sequence.</summary>
    public void Apply(Span<float> logits)
    {
        if (options.RepetitionPenalty != 1)
        {
            foreach (int token in seen.AsSpan(0, seenCount))
                logits[token] = Scaled(logits[token], options.RepetitionPenalty);
        }

        if (made is not null)
        {
            foreach ((int token, int count) in made) logits[token] -= (float)((count * options.FrequencyPenalty) + options.PresencePenalty);
        }

        if (options.NoRepeatNGramSize is { } size) BanRepeats(logits, size);
        BanWords(logits);
    }

    /// <summary>A penalty makes no score infinite that was not: +∞ cannot be drawn from, and −∞ would forbid the token.</summary>
    private static float Scaled(float logit, double penalty)
    {
        if (!float.IsFinite(logit)) return logit;
        return (float)Math.Clamp(logit > 0 ? logit / penalty : logit * penalty, -float.MaxValue, float.MaxValue);
    }

    private void See(int token)
    {
        if (seenBits.Length == 0 || (seenBits[token >> 6] & (1UL << token)) != 0) return;
        seenBits[token >> 6] |= 1UL << token;
        if (seenCount == seen.Length) Array.Resize(ref seen, Math.Max(16, 2 * seen.Length));
        seen[seenCount++] = token;
    }

    /// <summary>Forbids what followed the last size − 1 tokens wherever they stood before (Knuth, Morris and Pratt 1977): a walk over the text, whatever it repeats.</summary>
    private void BanRepeats(Span<float> logits, int size)
    {
        ReadOnlySpan<int> all = tokens.AsSpan(0, TokenCount);
        if (all.Length < size) return;
        ReadOnlySpan<int> end = all[^(size - 1)..];
        if (end.IsEmpty)
        {
            foreach (int token in all) logits[token] = float.NegativeInfinity;
            return;
        }

        if (borders.Length == 0) borders = new int[end.Length];
        for (int i = 1, border = 0; i < end.Length; i++)
        {
            while (border > 0 && end[i] != end[border]) border = borders[border - 1];
            if (end[i] == end[border]) border++;
            borders[i] = border;
        }

        // The last token has none behind it.
        for (int i = 0, matched = 0; i < all.Length - 1; i++)
        {
            if (matched == 0)
            {
                int next = all[i..^1].IndexOf(end[0]);
                if (next < 0) return;
                i += next;
            }

            while (matched > 0 && all[i] != end[matched]) matched = borders[matched - 1];
            if (all[i] == end[matched]) matched++;
            if (matched < end.Length) continue;
            logits[all[i + 1]] = float.NegativeInfinity;
            matched = borders[matched - 1];
        }
    }

    private void BanWords(Span<float> logits)
    {
        IReadOnlyList<IReadOnlyList<int>> words = options.BadWordIds;
        for (int i = 0; i < words.Count; i++)
        {
            IReadOnlyList<int> word = words[i];
            int before = word.Count - 1;
            if (before > TokenCount) continue;
            bool ends = true;
            for (int j = 0; j < before && ends; j++) ends = tokens[TokenCount - before + j] == word[j];
            if (ends) logits[word[before]] = float.NegativeInfinity;
        }
    }
}
