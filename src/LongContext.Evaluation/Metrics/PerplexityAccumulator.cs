namespace LongContext.Evaluation.Metrics;

/// <summary>Adds up a text's losses and gives its perplexity per token and, comparable between tokenizers, per byte.</summary>
/// <remarks>Sums are compensated (Neumaier), so the order of additions does not show in the result.</remarks>
public sealed class PerplexityAccumulator
{
    private double sum;
    private double compensation;

    /// <summary>Sum of the losses in nats (negative natural-log likelihoods).</summary>
    public double TotalNats => sum + compensation;

    /// <summary>Number of tokens that the losses are of.</summary>
    public long TokenCount { get; private set; }

    /// <summary>Number of UTF-8 bytes that those tokens stand for.</summary>
    public long ByteCount { get; private set; }

    /// <summary>exp(nats / tokens); NaN while there is no token.</summary>
    public double Perplexity => TokenCount == 0 ? double.NaN : Math.Exp(TotalNats / TokenCount);

    /// <summary>exp(nats / bytes); NaN while there is no byte.</summary>
    public double PerplexityPerByte => ByteCount == 0 ? double.NaN : Math.Exp(TotalNats / ByteCount);

    /// <summary>nats / bytes / ln 2; NaN while there is no byte.</summary>
    public double BitsPerByte => ByteCount == 0 ? double.NaN : TotalNats / ByteCount / Math.Log(2);

    /// <summary>−nats / bytes; NaN while there is no byte.</summary>
    public double LogProbabilityPerByte => ByteCount == 0 ? double.NaN : -TotalNats / ByteCount;

    /// <summary>Adds the summed loss of some tokens.</summary>
    /// <param name="nats">Sum of their losses in nats. Infinite where a token was impossible.</param>
    /// <param name="tokenCount">How many tokens, at least 0.</param>
    /// <param name="byteCount">
    /// How many UTF-8 bytes they stand for, at least 0. Default: 0, where bytes are added otherwise.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The loss is NaN or −∞, or a count negative.</exception>
    public void Add(double nats, long tokenCount, long byteCount = 0)
    {
        if (double.IsNaN(nats) || double.IsNegativeInfinity(nats))
        {
            throw new ArgumentOutOfRangeException(
                nameof(nats), nats, $"The loss is {nats}, expected a sum of negative log-likelihoods.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(tokenCount);
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        AddCompensated(nats);
        TokenCount = checked(TokenCount + tokenCount);
        ByteCount = checked(ByteCount + byteCount);
    }

    /// <summary>Adds the loss of each token of a text.</summary>
    /// <param name="tokenNats">One loss per token, in nats.</param>
    /// <param name="byteCount">UTF-8 bytes of the text, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A loss is NaN or −∞, or the count negative; nothing is added then.
    /// </exception>
    public void Add(ReadOnlySpan<double> tokenNats, long byteCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteCount);
        PerplexityAccumulator text = new();
        foreach (double nats in tokenNats) text.Add(nats, tokenCount: 1);
        AddAll(text);
        ByteCount = checked(ByteCount + byteCount);
    }

    /// <summary>Adds what another accumulator holds.</summary>
    /// <param name="other">The other one; it stays as it is.</param>
    public void Add(PerplexityAccumulator other)
    {
        ArgumentNullException.ThrowIfNull(other);
        AddAll(other);
        ByteCount = checked(ByteCount + other.ByteCount);
    }

    private void AddAll(PerplexityAccumulator other)
    {
        TokenCount = checked(TokenCount + other.TokenCount);
        // Read first: the other one may be this one.
        (double otherSum, double otherCompensation) = (other.sum, other.compensation);
        AddCompensated(otherSum);
        AddCompensated(otherCompensation);
    }

    private void AddCompensated(double value)
    {
        double total = sum + value;
        // An infinite sum has no rounding error; the difference would be NaN.
        if (double.IsFinite(total)) compensation += Math.Abs(sum) >= Math.Abs(value) ? sum - total + value : value - total + sum;
        sum = total;
    }
}
