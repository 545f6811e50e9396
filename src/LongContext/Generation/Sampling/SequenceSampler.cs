using LongContext.Data;

namespace LongContext.Generation.Sampling;

/// <summary>Chooses the tokens of one sequence, and knows of it what penalties, bans, a grammar and the draws need.</summary>
/// <remarks>
/// <para>The order is that of transformers 5: logit bias, repetition penalty, frequency and presence penalties, repeated n-grams, bad words, tokens masked until the
/// minimum, the grammar; then what <see cref="TokenDistribution"/> says. Log-probabilities are those of the model, before all of it, as vLLM's raw_logprobs are and OpenAI gives them.</para>
/// <para>The draw of a sequence's n-th token uses the n-th number of its seed's stream, whatever was guessed before. So a guess is checked by choosing the token as ever
/// and comparing (<see cref="Next"/>): the guess is kept with its probability and else a token drawn of the others, which is what Leviathan et al. 2023 ask for a
/// guess that was not drawn, and the tokens are the same as without guesses.</para>
/// </remarks>
internal sealed class SequenceSampler
{
    private readonly GenerationOptions options;
    private readonly TokenDistribution distribution;
    private readonly TokenHistory history;
    private readonly ITokenConstraint? constraint;
    private readonly KeyValuePair<int, double>[] biases;
    private readonly int[] maskedUntilMinimum;
    private readonly int vocabularySize;
    private readonly RowNeed need;
    private readonly TokenLogProbability[] alternatives = [];
    private int alternativeCount;
    private int guessCount;
    private double rawLogSum;
    private float highest;

    /// <summary>A sampler for a sequence.</summary>
    /// <param name="options">Valid for the vocabulary.</param>
    /// <param name="vocabularySize">Scores of a row.</param>
    /// <param name="prompt">The prompt's tokens.</param>
    /// <param name="stopTokenIds">Tokens that end the sequence; those outside the vocabulary do not matter.</param>
    /// <param name="distribution">Memory, shared by the sequences that one thread samples.</param>
    /// <param name="constraint">The grammar's state at the sequence's beginning, or null.</param>
    public SequenceSampler(
        GenerationOptions options, int vocabularySize, ReadOnlySpan<int> prompt, IReadOnlyCollection<int> stopTokenIds,
        TokenDistribution distribution, ITokenConstraint? constraint = null)
    {
        (this.options, this.vocabularySize, this.distribution, this.constraint) = (options, vocabularySize, distribution, constraint);
        history = new TokenHistory(options, vocabularySize, prompt);
        biases = [.. options.LogitBias];
        maskedUntilMinimum = options.MinimumNewTokens == 0 ? []
            : [.. stopTokenIds.Union(options.AlsoMaskedUntilMinimum).Where(id => (uint)id < (uint)vocabularySize)];
        if (options.LogProbabilities is { } count) alternatives = new TokenLogProbability[Math.Min(count, vocabularySize)];
        need = biases.Length == 0 && !history.Changes ? NeedOf(options) : RowNeed.Whole;
    }

    /// <summary>Tokens chosen so far.</summary>
    public int MadeCount { get; private set; }

    /// <summary>Of the token chosen last, where <see cref="GenerationOptions.LogProbabilities"/> is set; else 0.</summary>
    public float LogProbability { get; private set; }

    /// <summary>The likeliest tokens where the last one was chosen, likeliest first: as many as <see cref="GenerationOptions.LogProbabilities"/> says.</summary>
    public ReadOnlySpan<TokenLogProbability> Alternatives => alternatives.AsSpan(0, alternativeCount);

    /// <summary>What the next token is chosen from: candidates where nothing but the row itself decides, or the whole row.</summary>
    public RowNeed Need => IsMasked || constraint is { TakesAnything: false } ? RowNeed.Whole : need;

    /// <summary>Chooses the next token from a row's candidates, as <see cref="Next"/> chooses from the row, and takes it into the sequence; log-probabilities are those of the row to its mass's tolerance.</summary>
    /// <param name="candidates">As many as <see cref="Need"/> said, or more.</param>
    /// <param name="token">The token.</param>
    /// <returns>False where the row itself is needed: nothing has changed then.</returns>
    public bool TryNext(in TokenCandidates candidates, out int token)
    {
        token = -1;
        if (!IsEnough(candidates)) return false;
        int chosen = candidates.Tokens[0];
        if (options.Temperature != 0 && !CandidateDraw.TryDraw(candidates, options, vocabularySize, Number(0), out chosen)) return false;
        token = chosen;
        if (options.LogProbabilities is not null) KeepRaw(candidates, token);
        Add(token);
        return true;
    }

    /// <summary>Chooses the next token and takes it into the sequence.</summary>
    /// <param name="logits">The model's scores, which are changed.</param>
    /// <exception cref="InvalidOperationException">A score is NaN or +∞.</exception>
    /// <exception cref="NoTokenAllowedException">Every token is forbidden, or the grammar is too ambiguous.</exception>
    public int Next(Span<float> logits)
    {
        Prepare(logits);
        return Take(options.Temperature == 0 ? ScoreRows.FirstOf(logits, highest) : distribution.Draw(Number(0)));
    }

    /// <summary>The probabilities that the next token is drawn with, nothing being chosen; for a draft model's guesses.</summary>
    /// <param name="logits">The model's scores, which are changed.</param>
    /// <param name="probabilities">Where they go, one for each token; greedily, 1 for the likeliest.</param>
    /// <exception cref="InvalidOperationException">As for <see cref="Next"/>.</exception>
    public void Distribute(Span<float> logits, Span<float> probabilities)
    {
        Prepare(logits);
        if (options.Temperature != 0)
        {
            distribution.CopyTo(probabilities);
            return;
        }

        probabilities[..logits.Length].Clear();
        probabilities[ScoreRows.FirstOf(logits, highest)] = 1;
    }

    /// <summary>Checks a guess that was drawn from a draft model's probabilities, and takes the token that comes of it into the sequence.</summary>
    /// <param name="logits">The model's scores, which are changed.</param>
    /// <param name="guess">The guessed token.</param>
    /// <param name="draft">The probabilities q that the guess was drawn with, one for each token.</param>
    /// <returns>The guess, with probability min(1, p/q); else a token drawn from max(0, p − q) (Leviathan et al. 2023, algorithm 1). So tokens are distributed as p.</returns>
    /// <exception cref="InvalidOperationException">As for <see cref="Next"/>.</exception>
    public int Verify(Span<float> logits, int guess, ReadOnlySpan<float> draft)
    {
        Prepare(logits);
        if (options.Temperature == 0) return Take(ScoreRows.FirstOf(logits, highest));
        bool isKept = Number(0) * draft[guess] < distribution.Probability(guess);
        return Take(isKept ? guess : distribution.DrawResidual(draft, Number(1)));
    }

    /// <summary>Whether guesses may be drawn: a grammar that is slow to follow has time for so many only.</summary>
    public bool MayGuess => constraint is not { MayGuess: false };

    /// <summary>Draws a token from a draft model's scores as <see cref="Next"/> would, and takes it into the sequence until <see cref="Retract"/>.</summary>
    /// <param name="logits">The draft's scores, which are changed.</param>
    /// <param name="probabilities">Where the probabilities go that it was drawn with, for <see cref="Verify"/>; not used where the temperature is 0.</param>
    /// <exception cref="InvalidOperationException">As for <see cref="Next"/>.</exception>
    public int Guess(Span<float> logits, Span<float> probabilities)
    {
        Prepare(logits, keepsRaw: false);
        int token;
        if (options.Temperature == 0)
        {
            token = ScoreRows.FirstOf(logits, highest);
        }
        else
        {
            distribution.CopyTo(probabilities);
            token = distribution.Draw(new SplitMix64(~(long)options.Seed, MadeCount).NextDouble());
        }

        return TakeGuess(token);
    }

    /// <summary>Takes the likeliest of a draft model's candidates into the sequence, as <see cref="Guess"/> does at temperature 0.</summary>
    /// <returns>False where the row itself is needed: nothing has changed then.</returns>
    public bool TryGuess(in TokenCandidates candidates, out int token)
    {
        bool decides = options.Temperature == 0 && IsEnough(candidates);
        token = decides ? TakeGuess(candidates.Tokens[0]) : -1;
        return decides;
    }

    /// <summary>Takes all guesses out of the sequence again.</summary>
    public void Retract()
    {
        if (guessCount == 0) return;
        history.RemoveGuesses();
        constraint?.Rollback(guessCount);
        MadeCount -= guessCount;
        guessCount = 0;
    }

    /// <summary>Whether stop tokens may not come yet.</summary>
    private bool IsMasked => MadeCount < options.MinimumNewTokens && maskedUntilMinimum.Length > 0 && constraint is not { MustEnd: true };

    /// <summary>Whether candidates are as many as are needed, of a row in which nothing is wrong; else the row is looked at, and what is wrong said.</summary>
    private bool IsEnough(in TokenCandidates candidates)
    {
        int wanted = Need.Candidates;
        if (wanted == 0 || candidates.Tokens.Length < Math.Min(wanted, vocabularySize)) return false;
        return candidates.Mass > 0 && candidates.ScaledMass > 0 && double.IsFinite(candidates.Mass) && double.IsFinite(candidates.ScaledMass) && float.IsFinite(candidates.Scores[0]);
    }

    private int TakeGuess(int token)
    {
        if (constraint is not null && !constraint.TryAccept(token)) throw new InvalidOperationException($"The grammar does not take token {token}, which it did not mask.");
        history.AddGuess(token);
        MadeCount++;
        guessCount++;
        return token;
    }

    private static RowNeed NeedOf(GenerationOptions options)
    {
        // An entropy and a deviation are of all scores; the mass is of float32 and so of temperatures that are not out of all measure.
        if (options.LogProbabilities is > RowNeed.MostCandidates) return RowNeed.Whole;
        int count = Math.Max(1, options.LogProbabilities ?? 0);
        if (options.Temperature == 0) return new RowNeed(count, 1);
        if (options.TypicalP is < 1 || options.TopNSigma is not null || options.Temperature is < 1e-4 or > 1e4) return RowNeed.Whole;
        return new RowNeed(Math.Max(count, Math.Min(options.TopK ?? int.MaxValue, RowNeed.MostCandidates)), (float)(1 / options.Temperature));
    }

    /// <summary>Scores as the options change them, and the distribution where one is drawn from.</summary>
    private void Prepare(Span<float> logits, bool keepsRaw = true)
    {
        if (logits.Length != vocabularySize) throw new ArgumentException($"There are {logits.Length} scores, expected {vocabularySize}.", nameof(logits));
        if (keepsRaw && options.LogProbabilities is not null) KeepRaw(logits);
        foreach ((int token, double bias) in biases) logits[token] += (float)bias;
        history.Apply(logits);
        // A grammar that is at its end leaves nothing else.
        if (IsMasked)
        {
            foreach (int token in maskedUntilMinimum) logits[token] = float.NegativeInfinity;
        }

        constraint?.Mask(logits);
        highest = ScoreRows.Maximum(logits, out bool hasNaN);
        if (hasNaN || float.IsPositiveInfinity(highest)) throw NotFinite(hasNaN);
        if (float.IsNegativeInfinity(highest))
        {
            throw new NoTokenAllowedException(
                $"Every one of the {vocabularySize} tokens is forbidden at token {MadeCount} of the answer: by LogitBias, BadWordIds, NoRepeatNGramSize, MinimumNewTokens or Grammar together, or by the model.");
        }

        if (options.Temperature != 0) distribution.Set(logits, highest, options);
    }

    private int Take(int token)
    {
        if (options.LogProbabilities is not null) LogProbability = (float)(distribution.Raw(vocabularySize)[token] - rawLogSum);
        Add(token);
        return token;
    }

    private void Add(int token)
    {
        history.Add(token);
        MadeCount++;
        if (constraint is not null && !constraint.TryAccept(token)) throw new InvalidOperationException($"The grammar does not take token {token}, which it did not mask.");
    }

    private void KeepRaw(ReadOnlySpan<float> logits)
    {
        float top = ScoreRows.Maximum(logits, out bool hasNaN);
        if (hasNaN || float.IsPositiveInfinity(top)) throw NotFinite(hasNaN);
        logits.CopyTo(distribution.Raw(logits.Length));
        rawLogSum = ScoreRows.LogSum(logits, top);
        Span<ulong> keys = distribution.Keys(logits.Length);
        alternativeCount = alternatives.Length == 0 ? 0 : ScoreRows.Likeliest(logits, alternatives.Length, keys);
        keys[..alternativeCount].Sort();
        for (int i = 0; i < alternativeCount; i++) alternatives[i] = new(ScoreKeys.Token(keys[i]), (float)(ScoreKeys.Score(keys[i]) - rawLogSum));
    }

    private void KeepRaw(in TokenCandidates candidates, int token)
    {
        rawLogSum = candidates.Scores[0] + Math.Log(candidates.Mass);
        LogProbability = (float)(candidates.Scores[candidates.Tokens.IndexOf(token)] - rawLogSum);
        for (alternativeCount = 0; alternativeCount < alternatives.Length && candidates.Scores[alternativeCount] > float.NegativeInfinity; alternativeCount++)
            alternatives[alternativeCount] = new(candidates.Tokens[alternativeCount], (float)(candidates.Scores[alternativeCount] - rawLogSum));
    }

    /// <summary>A number in [0, 1) for the next token: the same whether tokens before it were guessed or not.</summary>
    private double Number(int purpose) => new SplitMix64(options.Seed, (2L * MadeCount) + purpose).NextDouble();

    private InvalidOperationException NotFinite(bool isNaN) => new(
        $"The model's scores after {history.TokenCount} tokens are {(isNaN ? "not numbers (NaN)" : "+∞")}: its weights are damaged, or its type is too narrow for it.");
}
