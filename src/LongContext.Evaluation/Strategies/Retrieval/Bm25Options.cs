namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Options of a <see cref="Bm25Retriever"/>.</summary>
public sealed record Bm25Options
{
    /// <summary>How soon more of the same word no longer helps: 0 for at once. Default: 1.2, as in Lucene; the paper says 1.2 to 2.</summary>
    public double K1 { get; init; } = 1.2;

    /// <summary>How much long passages are held back, from 0 (not at all) to 1. Default: 0.75, as in Lucene; the paper says 0.5 to 0.8.</summary>
    public double B { get; init; } = 0.75;

    /// <summary>Whether English words are compared by their stems, as Porter's algorithm finds them. Default: false.</summary>
    public bool StemsEnglish { get; init; }

    internal string Identity => $"k1={StrategyNames.Number(K1)} b={StrategyNames.Number(B)}{(StemsEnglish ? " porter" : "")}";

    internal IEnumerable<string> Faults()
    {
        if (!(K1 >= 0) || double.IsInfinity(K1)) yield return $"{nameof(K1)} is {StrategyNames.Number(K1)}, expected 0 or more";
        if (!(B is >= 0 and <= 1)) yield return $"{nameof(B)} is {StrategyNames.Number(B)}, expected 0 to 1";
    }
}
