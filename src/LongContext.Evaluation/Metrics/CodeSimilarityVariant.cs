namespace LongContext.Evaluation.Metrics;

/// <summary>
/// What fuzzywuzzy 0.18.0, with which LongBench compares code, computes its ratio with. It depends on what else is installed, and the two differ.
/// </summary>
public enum CodeSimilarityVariant
{
    /// <summary>Python's difflib: a plain install of LongBench's requirements.</summary>
    Difflib,

    /// <summary>python-Levenshtein 0.12.2, where that package is installed too.</summary>
    Levenshtein,
}
