namespace LongContext.Generation.Sampling;

/// <summary>Log-probabilities of a prompt's tokens, read row by row as the prompt is computed: row p says how likely token p + 1 is. Written by the engine's thread; whole once <see cref="IsComplete"/>.</summary>
internal sealed class PromptScores
{
    private readonly PromptToken[] tokens;
    private readonly int alternatives;
    private volatile bool isComplete;

    /// <param name="prompt">The prompt's tokens, one at least.</param>
    /// <param name="alternatives">The likeliest tokens that are wanted at each place.</param>
    public PromptScores(ReadOnlySpan<int> prompt, int alternatives)
    {
        this.alternatives = alternatives;
        tokens = new PromptToken[prompt.Length];
        for (int i = 0; i < prompt.Length; i++) tokens[i] = new PromptToken(prompt[i]);
        isComplete = prompt.Length == 1;
    }

    /// <summary>Rows that were read, from the first on: those behind them are still to be computed.</summary>
    public int Rows { get; private set; }

    /// <summary>Rows in all: the last token's says what follows the prompt and is not among them.</summary>
    public int RowCount => tokens.Length - 1;

    /// <summary>Whether all are read.</summary>
    public bool IsComplete => isComplete;

    /// <summary>The tokens; null before all rows are read.</summary>
    public IReadOnlyList<PromptToken>? Tokens => isComplete ? tokens : null;

    /// <summary>How many rows a run of the prompt's tokens has that are not read yet. They are its last ones, but for the prompt's last token.</summary>
    /// <param name="first">The run's first token.</param>
    /// <param name="count">Its tokens.</param>
    public int Unread(int first, int count) => Math.Max(0, Math.Min(first + count, RowCount) - Math.Max(first, Rows));

    /// <summary>Takes the next row in.</summary>
    /// <param name="logits">The model's scores.</param>
    /// <param name="memory">Memory of the thread.</param>
    /// <exception cref="InvalidOperationException">A score is NaN or +∞, or all are −∞.</exception>
    public void Read(ReadOnlySpan<float> logits, TokenDistribution memory)
    {
        float top = ScoreRows.Maximum(logits, out bool hasNaN);
        if (hasNaN || !float.IsFinite(top))
            throw new InvalidOperationException($"The model's scores after {Rows + 1} tokens are {(hasNaN ? "not numbers (NaN)" : "infinite")}: its weights are damaged, or its type is too narrow for it.");
        double logSum = ScoreRows.LogSum(logits, top);
        ref PromptToken token = ref tokens[Rows + 1];
        token = token with { LogProbability = (float)(logits[token.Id] - logSum), Rank = ScoreRows.RankOf(logits, token.Id), Alternatives = Likeliest(logits, logSum, memory) };
        Rows++;
        if (Rows == RowCount) isComplete = true;
    }

    private TokenLogProbability[] Likeliest(ReadOnlySpan<float> logits, double logSum, TokenDistribution memory)
    {
        if (alternatives == 0) return [];
        Span<ulong> keys = memory.Keys(logits.Length);
        keys = keys[..ScoreRows.Likeliest(logits, Math.Min(alternatives, logits.Length), keys)];
        keys.Sort();
        var found = new TokenLogProbability[keys.Length];
        for (int i = 0; i < found.Length; i++) found[i] = new(ScoreKeys.Token(keys[i]), (float)(ScoreKeys.Score(keys[i]) - logSum));
        return found;
    }
}
