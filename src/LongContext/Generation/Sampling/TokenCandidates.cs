namespace LongContext.Generation.Sampling;

/// <summary>The head of a row of scores, as a GPU finds it: the likeliest tokens, and how much all of them weigh.</summary>
internal readonly ref struct TokenCandidates
{
    /// <summary>The likeliest tokens in falling order of score, the lower id first among equals. They are as many as were asked for, or the whole row.</summary>
    public required ReadOnlySpan<int> Tokens { get; init; }

    /// <summary>Their scores, as the row has them; −0 may come as 0.</summary>
    public required ReadOnlySpan<float> Scores { get; init; }

    /// <summary>Σ exp(score − highest) of the whole row; NaN where a score is NaN or +∞, 0 where all are −∞.</summary>
    public required double Mass { get; init; }

    /// <summary>Σ exp((score − highest) / temperature).</summary>
    public required double ScaledMass { get; init; }

    /// <summary>Relative error of both masses, at most.</summary>
    public required double Tolerance { get; init; }
}
