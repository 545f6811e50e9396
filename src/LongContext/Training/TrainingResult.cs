namespace LongContext.Training;

/// <summary>What a run came to.</summary>
public sealed record TrainingResult
{
    /// <summary>Steps done, earlier ones of a resumed run included.</summary>
    public required int Steps { get; init; }

    /// <summary>Tokens trained on in this call.</summary>
    public required long Tokens { get; init; }

    /// <summary>The last step's loss in nats; NaN when no step was left to do.</summary>
    public required double FinalLoss { get; init; }

    /// <summary>Time the call took.</summary>
    public required TimeSpan Elapsed { get; init; }
}
