namespace LongContext.Evaluation;

/// <summary>Which windows of a text perplexity by length is measured on.</summary>
public sealed class PerplexityByLengthOptions
{
    /// <summary>Lengths to measure at, in tokens, a beginning-of-sentence token included; each at least 2.</summary>
    public required IReadOnlyList<int> Lengths { get; init; }

    /// <summary>Tokens from the beginning of one window to the next. Null (the default): the longest of <see cref="Lengths"/>, so that windows do not overlap and every length begins at the same places.</summary>
    public int? Stride { get; init; }

    /// <summary>Windows to measure at most. Default 8.</summary>
    public int MaximumWindows { get; init; } = 8;

    /// <summary>Token put before each window, which then has one token of text less; null (the default) for none.</summary>
    public int? BeginningOfSentenceTokenId { get; init; }

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (Lengths is null || Lengths.Count == 0) faults.Add("Lengths must name at least one length");
        else if (Lengths.Min() < 2) faults.Add($"Lengths must be at least 2, but one is {Lengths.Min()}");
        if (Stride is < 1) faults.Add($"Stride must be at least 1, but is {Stride}");
        if (MaximumWindows < 1) faults.Add($"MaximumWindows must be at least 1, but is {MaximumWindows}");
        if (faults.Count > 0) throw new ArgumentException("PerplexityByLengthOptions: " + string.Join("; ", faults) + ".");
    }
}
