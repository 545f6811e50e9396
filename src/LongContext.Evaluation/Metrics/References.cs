namespace LongContext.Evaluation.Metrics;

/// <summary>Scores against several references, of which the best counts.</summary>
internal static class References
{
    /// <summary>The highest of the scores.</summary>
    /// <exception cref="ArgumentException">No reference: the official programs fail there too.</exception>
    public static double Best(IReadOnlyList<string> references, Func<string, double> score)
    {
        ArgumentNullException.ThrowIfNull(references);
        if (references.Count == 0) throw new ArgumentException("There is no reference to score against.", nameof(references));
        return references.Max(score);
    }
}
