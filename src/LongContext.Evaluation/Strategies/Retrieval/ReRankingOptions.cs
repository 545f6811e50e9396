namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Options of a <see cref="ListwiseReRanker"/> and a <see cref="PointwiseReRanker"/>.</summary>
public sealed record ReRankingOptions
{
    /// <summary>Passages that a list shows at once, at least 2; listwise only. Default: 20, as RankGPT has.</summary>
    public int WindowSize { get; init; } = 20;

    /// <summary>How far the window moves each time, at least 1 and less than its size; listwise only. Default: 10, as RankGPT has.</summary>
    public int Step { get; init; } = 10;

    /// <summary>How often the windows go over the whole list, at least 1; listwise only. Default: 1.</summary>
    public int Passes { get; init; } = 1;

    /// <summary>Words of a passage that are shown at most, at least 1; its beginning is. Default: 300, as RankGPT has.</summary>
    public int PassageWords { get; init; } = 300;

    /// <summary>The highest score, at least 1; pointwise only. Default: 10.</summary>
    public int HighestScore { get; init; } = 10;

    /// <summary>Tokens of the answer at most. Default: 1024, so that a model that thinks aloud comes to its ranking.</summary>
    public int MaximumNewTokens { get; init; } = 1024;

    internal IEnumerable<string> Faults()
    {
        if (WindowSize < 2) yield return $"{nameof(WindowSize)} is {WindowSize}, expected at least 2";
        if (Step < 1 || Step >= Math.Max(2, WindowSize)) yield return $"{nameof(Step)} is {Step}, expected at least 1 and less than {nameof(WindowSize)}";
        if (Passes < 1) yield return $"{nameof(Passes)} is {Passes}, expected at least 1";
        if (PassageWords < 1) yield return $"{nameof(PassageWords)} is {PassageWords}, expected at least 1";
        if (HighestScore < 1) yield return $"{nameof(HighestScore)} is {HighestScore}, expected at least 1";
        if (MaximumNewTokens < 1) yield return $"{nameof(MaximumNewTokens)} is {MaximumNewTokens}, expected at least 1";
    }
}
