using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation;

/// <summary>What one model with one strategy reached in one task.</summary>
public sealed record TaskSummary
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The strategy's name. Required.</summary>
    public required string Strategy { get; init; }

    /// <summary>The task's name. Required.</summary>
    public required string Task { get; init; }

    /// <summary>Items scored. Required.</summary>
    public required int Scored { get; init; }

    /// <summary>Items that did not fit. Default: 0.</summary>
    public int TooLong { get; init; }

    /// <summary>Items that failed. Default: 0.</summary>
    public int Failed { get; init; }

    /// <summary>
    /// Items that were never asked, because the model was not asked any more after many failures; at least so many where the task does not say how many it has. Default: 0.
    /// </summary>
    public int NotAsked { get; init; }

    /// <summary>Items that could not be made, as where a question is longer than the length; at least so many where the task does not say how many it has. Default: 0.</summary>
    public int NotMade { get; init; }

    /// <summary>Items whose answer no judge rated. Default: 0.</summary>
    public int NotJudged { get; init; }

    /// <summary>Of the items scored, those whose answer was cut at its limit of tokens (<see cref="ItemResult.FinishReason"/>). Default: 0.</summary>
    public int CutByLength { get; init; }

    /// <summary>Of the items scored, those in whose answer nothing stands. Default: 0.</summary>
    public int EmptyAnswers { get; init; }

    /// <summary>Mean of the items' scores, or what the task combines them to, such as a corpus's perplexity; null where none was scored.</summary>
    public double? Mean { get; init; }

    /// <summary>Where the mean lies, or null where it says nothing or is no mean of scores.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>The figures as the task's authors report them. Default: none.</summary>
    public IReadOnlyList<TaskFigure> Figures { get; init; } = [];

    /// <summary>Whether a lower score is the better one. Default: false.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>Length by length what the task combines its items' scores to, where that is no mean of them. Default: none.</summary>
    public IReadOnlyList<LengthMean> LengthMeans { get; init; } = [];

    /// <summary>In which respects the figures are none of those that are published under the task's name (<see cref="EvaluationTask.Deviations"/>). Default: none.</summary>
    public IReadOnlyList<string> Deviations { get; init; } = [];

    /// <summary>Whether strategies apply to the task (<see cref="EvaluationTask.UsesStrategies"/>). Default: true.</summary>
    public bool UsesStrategies { get; init; } = true;

    /// <summary>
    /// The mean of all items, those too long, failed or never asked as 0: of two models the one that answers fewer may have the higher <see cref="Mean"/>. Items that could not be made or judged, which is
    /// nothing of the model's, are left out. Null where a lower score is the better one or there is no item.
    /// </summary>
    public double? MeanOverAll => LowerIsBetter || Scored + TooLong + Failed + NotAsked == 0 ? null : (Mean ?? 0) * Scored / (Scored + TooLong + Failed + NotAsked);

    /// <summary>Tokens of all prompts. Default: 0.</summary>
    public long InputTokens { get; init; }

    /// <summary>Tokens of all answers. Default: 0.</summary>
    public long OutputTokens { get; init; }

    /// <summary>The items' durations added up. Default: zero.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>What it cost, judges, re-rankers, embedding generators and what compressors score included, or null where one of those asked has no price.</summary>
    public decimal? Cost { get; init; }
}
