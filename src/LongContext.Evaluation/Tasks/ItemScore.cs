using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Tasks;

/// <summary>How good one answer is.</summary>
/// <param name="Value">The score: 0 to 1, the higher the better, unless the task says otherwise.</param>
public sealed record ItemScore(double Value)
{
    /// <summary>Other measures of the same answer, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, double> Details { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>What the score was given for, where that is not the answer as it came: the letter read from it, a judge's words. Default: null.</summary>
    public string? Judged { get; init; }

    /// <summary>Whether a judge could not be asked: the score counts in this report, and the next run asks that judge again.</summary>
    internal bool IsProvisional { get; init; }
}
