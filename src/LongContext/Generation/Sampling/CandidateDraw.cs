namespace LongContext.Generation.Sampling;

/// <summary>Draws from the likeliest tokens what <see cref="TokenDistribution"/> draws from the whole row, where they tell.</summary>
/// <remarks>
/// Both go through the likeliest tokens in the same order with the same weights, and differ in one thing: the sum of all weights that are kept, of which this knows an interval. It is wide only
/// by the tolerance of the row's mass, or by what may lie behind the last candidate. Where the draw comes out the same at both ends of the interval, it is the row's; else the row is needed.
/// (Subtracting and multiplying round monotonically, so what holds at the ends holds between them.)
/// </remarks>
internal ref struct CandidateDraw
{
    /// <summary>Room for what sums of weights round, and for exponentials that are not monotone in the last bit.</summary>
    private const double Slack = 1e-11;

    private readonly Span<double> weights;
    private readonly Span<int> tokens;
    private int count;

    /// <summary>Whether tokens behind the candidates may be kept too.</summary>
    private bool isOpen;

    /// <summary>What the kept tokens weigh: at least, at most.</summary>
    private double least;
    private double most;

    private CandidateDraw(Span<double> weights, Span<int> tokens)
    {
        this.weights = weights;
        this.tokens = tokens;
    }

    /// <summary>Draws a token.</summary>
    /// <param name="candidates">Of a row that has a finite mass; at most <see cref="RowNeed.MostCandidates"/> count.</param>
    /// <param name="options">A temperature above 0, and of filters top-k, top-p and min-p alone.</param>
    /// <param name="vocabulary">Scores of the row.</param>
    /// <param name="number">In [0, 1).</param>
    /// <param name="token">The token.</param>
    /// <returns>False where the candidates do not tell.</returns>
    public static bool TryDraw(in TokenCandidates candidates, GenerationOptions options, int vocabulary, double number, out int token)
    {
        int length = Math.Min(candidates.Tokens.Length, RowNeed.MostCandidates);
        var draw = new CandidateDraw(stackalloc double[RowNeed.MostCandidates], stackalloc int[RowNeed.MostCandidates]);
        draw.Weigh(candidates, length, vocabulary, options.Temperature);
        draw.KeepLikeliest(options.TopK is { } k && k < vocabulary ? k : int.MaxValue, candidates);
        token = -1;
        if (options.TopP is < 1 && !draw.TryKeepMass(options.TopP.Value)) return false;
        if (options.MinP is > 0) draw.KeepLikelyAs(options.MinP.Value);
        return draw.TryTake(number, out token);
    }

    private void Weigh(in TokenCandidates candidates, int length, int vocabulary, double temperature)
    {
        double highest = candidates.Scores[0];
        for (count = 0; count < length && candidates.Scores[count] > float.NegativeInfinity; count++)
            (tokens[count], weights[count]) = (candidates.Tokens[count], ScoreRows.Weight(candidates.Scores[count], highest, temperature));
        isOpen = count == length && length < vocabulary;
        // What the candidates weigh themselves may be the tighter bound.
        double own = Sum(count) * (1 - Slack);
        least = Math.Max(own, candidates.ScaledMass * (1 - candidates.Tolerance));
        most = isOpen ? candidates.ScaledMass * (1 + candidates.Tolerance) : Math.Min(Sum(count) * (1 + Slack), candidates.ScaledMass * (1 + candidates.Tolerance));
    }

    private void KeepLikeliest(int k, in TokenCandidates candidates)
    {
        if (k == int.MaxValue) return;
        if (k <= count || !isOpen)
        {
            count = Math.Min(k, count);
            Close();
            return;
        }

        // Those between weigh no more than the last candidate each.
        least = Sum(count) * (1 - Slack);
        most = Math.Min(most, (Sum(count) + ((k - count) * weights[count - 1])) * (1 + Slack));
    }

    private bool TryKeepMass(double part)
    {
        double low = part * least, high = part * most, sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += weights[i];
            if (sum < low) continue;
            if (sum < high) return false;
            count = i + 1;
            Close();
            return true;
        }

        if (!isOpen) return false;
        // The last one that is kept reaches the mass, and weighs no more than the last candidate.
        (least, most) = (Math.Max(low, sum) * (1 - Slack), (Math.Max(high, sum) + weights[count - 1]) * (1 + Slack));
        return true;
    }

    private void KeepLikelyAs(double ratio)
    {
        bool ends = weights[count - 1] < ratio * (1 - Slack);
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (weights[i] >= ratio) (tokens[kept], weights[kept++]) = (tokens[i], weights[i]);
        }

        count = kept;
        if (!isOpen || ends) Close();
        else least = Sum(count) * (1 - Slack);
    }

    private readonly bool TryTake(double number, out int token)
    {
        double low = number * least, high = number * most;
        int last = -1;
        token = -1;
        for (int i = 0; i < count; i++)
        {
            if (weights[i] <= 0) continue;
            last = tokens[i];
            low -= weights[i];
            high -= weights[i];
            if (low >= 0) continue;
            token = last;
            return high < 0;
        }

        // Rounding may leave a rest behind the last.
        token = last;
        return !isOpen && least == most;
    }

    /// <summary>Nothing else is kept: the sum is the one that the row's draw has.</summary>
    private void Close()
    {
        isOpen = false;
        least = most = Sum(count);
    }

    private readonly double Sum(int length)
    {
        double sum = 0;
        for (int i = 0; i < length; i++) sum += weights[i];
        return sum;
    }
}
