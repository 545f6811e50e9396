namespace LongContext.Evaluation;

/// <summary>One point of a model's curve over lengths.</summary>
public sealed record LengthMeasurement
{
    /// <summary>The length in tokens. Required.</summary>
    public required int Length { get; init; }

    /// <summary>Items scored; for the mean over several tasks, rounds of an item of each, all of which were scored. Required.</summary>
    public required int Items { get; init; }

    /// <summary>
    /// Items that failed; of several tasks, rounds with one that did. The mean is without them; the verdict holds whatever they would have scored. Default: 0.
    /// </summary>
    public int Failed { get; init; }

    /// <summary>Mean of the scores; one that did not fit into the model counts 0. 0 where none was scored. Required.</summary>
    public required double Mean { get; init; }

    /// <summary>
    /// Where the mean lies, as if the number of items had been fixed beforehand, or null where that says nothing. <see cref="Verdict"/> holds as it was measured.
    /// </summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>Whether the model's mean is above or below the threshold, with the confidence that the search needs. Required.</summary>
    public required LengthVerdict Verdict { get; init; }
}
