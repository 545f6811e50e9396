using System.Globalization;

namespace LongContext.Evaluation;

/// <summary>Up to which length a model keeps a threshold in one task, or in the mean of several.</summary>
public sealed record EffectiveLength
{
    /// <summary>The task's name, or "average". Required.</summary>
    public required string Task { get; init; }

    /// <summary>
    /// The longest length that was measured with a mean at the threshold or above, all shorter ones measured being so too, lengths without any item left aside; a shorter one whose
    /// mean is below, but by too little to be sure, counts as passed where a longer one is surely above (<see cref="Lower"/>). Null where the shortest that has items is below already or
    /// none of its items could be scored. Never less than <see cref="Lower"/>, always less than <see cref="Upper"/>.
    /// </summary>
    public int? Length { get; init; }

    /// <summary>Mean score at that length, or null.</summary>
    public double? Score { get; init; }

    /// <summary>Where that mean lies, or null.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>The shortest length above <see cref="Length"/> that was measured with a mean below the threshold, or null where none was.</summary>
    public int? FirstFailing { get; init; }

    /// <summary>
    /// The length at which the model truly falls below the threshold is at least this, or null where nobody can say. Together with <see cref="Upper"/> it holds with the
    /// confidence that was asked for, if the model does not recover at longer lengths.
    /// </summary>
    public int? Lower { get; init; }

    /// <summary>And less than this, or null where it may lie beyond the longest length.</summary>
    public int? Upper { get; init; }

    /// <summary>Lengths above one where the model is below the threshold where it is above it again: its curve does not just fall. Default: none.</summary>
    public IReadOnlyList<int> Recoveries { get; init; } = [];

    /// <summary>Everything that was measured, by length. Required.</summary>
    public required IReadOnlyList<LengthMeasurement> Curve { get; init; }

    /// <summary>A line for people: the task, the length, and where the truth lies.</summary>
    public override string ToString()
    {
        LengthMeasurement? first = Curve.FirstOrDefault(point => point.Items + point.Failed > 0);
        if (Length is null && first is null) return $"{Task}: there is no item of any length";
        if (Length is null && first!.Items == 0) return string.Create(CultureInfo.InvariantCulture, $"{Task}: no item of {first.Length:N0} tokens could be scored");
        if (Length is not { } length) return string.Create(CultureInfo.InvariantCulture, $"{Task}: below the threshold at {first!.Length:N0} tokens already");
        string bracket = (Lower, Upper) switch
        {
            ({ } lower, { } upper) => string.Create(CultureInfo.InvariantCulture, $" (at least {lower:N0}, less than {upper:N0})"),
            ({ } lower, null) => string.Create(CultureInfo.InvariantCulture, $" (at least {lower:N0})"),
            (null, { } upper) => string.Create(CultureInfo.InvariantCulture, $" (less than {upper:N0})"),
            _ => " (not settled: too few items)",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{Task}: {length:N0} tokens{bracket}");
    }
}
