using System.Diagnostics;

namespace LongContext.Generation.Sampling;

/// <summary>
/// The probabilities that a token is drawn from: scores after temperature and filters. Its memory is made once and filled anew for each row, so that
/// one serves all sequences that one thread samples.
/// </summary>
/// <remarks>
/// Filters follow each other as in transformers 5: temperature, top-k, top-p, min-p, typical-p; before them top-nσ, whose choice does not depend on the temperature. Each looks at what
/// the one before it left. Among equals at a border the lower id stays, so that top-k leaves k and top-p the shortest prefix.
/// <para>A draw goes through the <see cref="RowNeed.MostCandidates"/> likeliest tokens first, in falling order, and then through the others: where it ends among the first, and it mostly does,
/// these alone give the same token (<see cref="CandidateDraw"/>).</para>
/// </remarks>
internal sealed class TokenDistribution
{
    private double[] weights = [];
    private ulong[] keys = [];
    private float[] raw = [];
    private int vocabulary;
    private int kept;
    private int head;
    private bool isWhole;
    private double total;

    /// <summary>How many tokens can be drawn; of an unfiltered row all.</summary>
    public int Count => isWhole ? vocabulary : kept;

    /// <summary>Computes the probabilities of a row.</summary>
    /// <param name="logits">Scores after penalties; none is NaN or +∞, one at least is above −∞. They stay as they are.</param>
    /// <param name="highest">The highest of them.</param>
    /// <param name="options">Temperature above 0, and filters.</param>
    public void Set(ReadOnlySpan<float> logits, float highest, GenerationOptions options)
    {
        Reserve(logits.Length);
        double temperature = options.Temperature;
        (isWhole, kept, head) = (true, 0, 0);
        if (options.TopNSigma is { } sigma) KeepFrom(logits, highest - (sigma * ScoreRows.Deviation(logits, highest)));
        if (options.TopK is { } k && k < vocabulary)
        {
            if (isWhole)
            {
                kept = ScoreRows.Likeliest(logits, k, keys);
                isWhole = false;
            }
            else if (k < kept)
            {
                ScoreKeys.Select(keys.AsSpan(0, kept), k);
                kept = k;
            }
        }

        if (isWhole)
        {
            total = ScoreRows.Weigh(logits, highest, temperature, weights);
            head = ScoreRows.Likeliest(logits, RowNeed.MostCandidates, keys);
            keys.AsSpan(0, head).Sort();
        }
        else
        {
            for (int i = 0; i < kept; i++) weights[ScoreKeys.Token(keys[i])] = ScoreRows.Weight(logits[ScoreKeys.Token(keys[i])], highest, temperature);
            Arrange();
        }

        if (options.TopP is < 1) KeepMass(logits, options.TopP.Value);
        if (options.MinP is > 0) KeepLikelyAs(logits, options.MinP.Value);
        if (options.TypicalP is < 1) KeepTypical(logits, options.TypicalP.Value);
        Debug.Assert(isWhole || kept > 0, "the likeliest always stays");
    }

    /// <summary>A token by a number in [0, 1).</summary>
    public int Draw(double number)
    {
        double rest = number * total;
        int last = -1, listed = isWhole ? head : kept;
        for (int i = 0; i < listed; i++)
        {
            int token = ScoreKeys.Token(keys[i]);
            if (weights[token] <= 0) continue;
            last = token;
            rest -= weights[token];
            if (rest < 0) return token;
        }

        return isWhole ? DrawBehindHead(rest, last) : last;
    }

    /// <summary>The probability of a token.</summary>
    public double Probability(int token) => IsKept(token) ? weights[token] / total : 0;

    /// <summary>Writes all probabilities.</summary>
    /// <param name="destination">One for each token of the vocabulary.</param>
    public void CopyTo(Span<float> destination)
    {
        if (isWhole)
        {
            for (int i = 0; i < vocabulary; i++) destination[i] = (float)(weights[i] / total);
            return;
        }

        destination[..vocabulary].Clear();
        for (int i = 0; i < kept; i++) destination[ScoreKeys.Token(keys[i])] = (float)(weights[ScoreKeys.Token(keys[i])] / total);
    }

    /// <summary>
    /// A token from what this distribution has above another, max(0, p − q) made to sum to 1 (Leviathan et al. 2023, section 2.3); from p where nothing is left.
    /// </summary>
    /// <param name="other">q, one probability for each token.</param>
    /// <param name="number">In [0, 1).</param>
    public int DrawResidual(ReadOnlySpan<float> other, double number)
    {
        double sum = 0;
        for (int i = 0; i < Count; i++) sum += Residual(i, other, out _);
        if (!(sum > 0)) return Draw(number);
        double rest = number * sum;
        int last = -1;
        for (int i = 0; i < Count; i++)
        {
            double weight = Residual(i, other, out int token);
            if (weight <= 0) continue;
            last = token;
            rest -= weight;
            if (rest < 0) return token;
        }

        return last;
    }

    /// <summary>Memory for a copy of a row as the model gave it.</summary>
    public Span<float> Raw(int length)
    {
        Reserve(length);
        return raw.AsSpan(0, length);
    }

    /// <summary>Memory for keys, which the next row overwrites.</summary>
    public Span<ulong> Keys(int length)
    {
        Reserve(length);
        return keys.AsSpan(0, length);
    }

    private double Residual(int place, ReadOnlySpan<float> other, out int token)
    {
        token = isWhole ? place : ScoreKeys.Token(keys[place]);
        return Math.Max(0, (weights[token] / total) - other[token]);
    }

    private bool IsKept(int token)
    {
        if (isWhole) return true;
        for (int i = 0; i < kept; i++)
        {
            if (ScoreKeys.Token(keys[i]) == token) return true;
        }

        return false;
    }

    private void Reserve(int length)
    {
        vocabulary = length;
        if (weights.Length < length) (weights, keys, raw) = (new double[length], new ulong[length], new float[length]);
    }

    private void KeepFrom(ReadOnlySpan<float> logits, double least)
    {
        for (int i = 0; i < logits.Length; i++)
        {
            if (logits[i] >= least && logits[i] > float.NegativeInfinity) keys[kept++] = ScoreKeys.Of(logits[i], i);
        }

        isWhole = false;
    }

    /// <summary>Goes on by rising id through the tokens of a whole row that are not among the likeliest.</summary>
    private int DrawBehindHead(double rest, int last)
    {
        const int block = 256;
        // Weights of the head are away for so long.
        Span<double> own = stackalloc double[RowNeed.MostCandidates];
        for (int i = 0; i < head; i++) (own[i], weights[ScoreKeys.Token(keys[i])]) = (weights[ScoreKeys.Token(keys[i])], 0);
        for (int start = 0; start < vocabulary && rest >= 0; start += block)
        {
            ReadOnlySpan<double> part = weights.AsSpan(start, Math.Min(block, vocabulary - start));
            double sum = ScoreRows.MassFrom(part, 0);
            if (sum > 0 && rest >= sum)
            {
                // Rounding may leave a rest behind the last; then it is the last that can be drawn.
                last = start + part.LastIndexOfAnyExcept(0);
                rest -= sum;
                continue;
            }

            for (int i = 0; i < part.Length && rest >= 0; i++)
            {
                if (part[i] <= 0) continue;
                last = start + i;
                rest -= part[i];
            }
        }

        for (int i = 0; i < head; i++) weights[ScoreKeys.Token(keys[i])] = own[i];
        return last;
    }

    /// <summary>Puts the likeliest of the kept tokens to the front, in order, and sums the weights up in the order that they lie in then.</summary>
    private void Arrange()
    {
        head = Math.Min(kept, RowNeed.MostCandidates);
        ScoreKeys.Select(keys.AsSpan(0, kept), head);
        keys.AsSpan(0, head).Sort();
        SumKept();
    }

    private void KeepMass(ReadOnlySpan<float> logits, double part)
    {
        double target = part * total, sum = 0;
        for (int i = 0; i < head; i++)
        {
            sum += weights[ScoreKeys.Token(keys[i])];
            if (sum < target) continue;
            (isWhole, head, kept, total) = (false, i + 1, i + 1, sum);
            return;
        }

        if (isWhole)
        {
            // Only the tokens down to a bound that reaches the mass are looked at; a few fast passes find it.
            double bound = 1.0 / 64;
            while (bound > 0 && ScoreRows.MassFrom(weights.AsSpan(0, vocabulary), bound) < target) bound = bound < 1e-30 ? 0 : bound / 64;
            CollectWeights(logits, bound);
            sum = 0;
            for (int i = 0; i < head; i++) sum += weights[ScoreKeys.Token(keys[i])];
        }

        if (kept > head) kept = head + ScoreKeys.SelectMass(keys.AsSpan(head, kept - head), weights, target - sum);
        SumKept();
    }

    private void KeepLikelyAs(ReadOnlySpan<float> logits, double ratio)
    {
        if (isWhole)
        {
            CollectWeights(logits, ratio);
            return;
        }

        int count = 0, first = 0;
        for (int i = 0; i < kept; i++)
        {
            if (weights[ScoreKeys.Token(keys[i])] < ratio) continue;
            keys[count++] = keys[i];
            if (i < head) first++;
        }

        (kept, head) = (count, first);
        SumKept();
    }

    /// <summary>Meister et al. 2023, "Locally typical sampling", eq. 7: those nearest to the entropy, until they have the mass.</summary>
    private void KeepTypical(ReadOnlySpan<float> logits, double mass)
    {
        if (isWhole) CollectWeights(logits, 0);
        double entropy = 0;
        for (int i = 0; i < kept; i++)
        {
            double p = weights[ScoreKeys.Token(keys[i])] / total;
            if (p > 0) entropy -= p * Math.Log(p);
        }

        int count = 0;
        for (int i = 0; i < kept; i++)
        {
            int token = ScoreKeys.Token(keys[i]);
            double p = weights[token] / total;
            if (p > 0) keys[count++] = ScoreKeys.Of((float)-Math.Abs(-Math.Log(p) - entropy), token);
        }

        kept = ScoreKeys.SelectMass(keys.AsSpan(0, count), weights, mass * total);
        SumKept();
    }

    private void CollectWeights(ReadOnlySpan<float> logits, double bound)
    {
        kept = 0;
        for (int i = 0; i < vocabulary; i++)
        {
            if (weights[i] >= bound && weights[i] > 0) keys[kept++] = ScoreKeys.Of(logits[i], i);
        }

        isWhole = false;
        Arrange();
    }

    private void SumKept()
    {
        total = 0;
        for (int i = 0; i < kept; i++) total += weights[ScoreKeys.Token(keys[i])];
    }
}
