namespace LongContext.Evaluation;

/// <summary>One point of a model's curve over lengths.</summary>
public sealed record LengthMeasurement
{
    /// <summary>The length in tokens. Required.</summary>
    public required int Length { get; init; }

    /// <summary>Items scored. Required.</summary>
    public required int Items { get; init; }

    /// <summary>Mean of their scores; one that did not fit into the model counts 0. Required.</summary>
    public required double Mean { get; init; }

    /// <summary>
    /// Where the mean lies, as if the number of items had been fixed beforehand, or null where that says nothing. <see cref="Verdict"/> holds as it was measured.
    /// </summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>Whether the model's mean is above or below the threshold, with the confidence that the search needs. Required.</summary>
    public required LengthVerdict Verdict { get; init; }
}
