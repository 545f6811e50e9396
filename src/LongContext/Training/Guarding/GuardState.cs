using System.Text.Json.Serialization;

namespace LongContext.Training.Guarding;

/// <summary>All that the guard's decisions rest on besides the step at hand; saved with a checkpoint, so that a resumed run decides alike.</summary>
internal sealed record GuardState
{
    public static GuardState Start { get; } = new();

    /// <summary>Steps left out so far.</summary>
    public int SkippedSteps { get; init; }

    /// <summary>Steps left out since the last that was applied.</summary>
    public int SkipsInARow { get; init; }

    /// <summary>Times that the run went back.</summary>
    public int RollBacks { get; init; }

    /// <summary>The last losses of applied steps, oldest first; empty where spikes are not watched for.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>Whether nothing has happened that a checkpoint must know.</summary>
    [JsonIgnore]
    public bool IsStart => SkippedSteps == 0 && SkipsInARow == 0 && RollBacks == 0 && Losses.Count == 0;

    /// <summary>What a file holds that cannot be; null when all can.</summary>
    public string? Fault()
    {
        if (Losses is null || !Losses.All(double.IsFinite)) return "guard.losses must be finite numbers";
        if (SkippedSteps < 0 || SkipsInARow < 0 || RollBacks < 0)
            return $"guard's counts must not be negative, but are {SkippedSteps}, {SkipsInARow} and {RollBacks}";
        return null;
    }
}
