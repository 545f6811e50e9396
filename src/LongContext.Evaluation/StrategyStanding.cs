using System.Globalization;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

/// <summary>A model with one strategy beside its others. Means are over the items that were scored with every strategy of the model.</summary>
public sealed record StrategyStanding
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The strategy's name. Required.</summary>
    public required string Strategy { get; init; }

    /// <summary>The mean over tasks of <see cref="StrategyTaskScore.Normalized"/>, every task alike; null where no task can be compared.</summary>
    public double? Normalized { get; init; }

    /// <summary>The tasks that can be compared. Default: none.</summary>
    public IReadOnlyList<StrategyTaskScore> Tasks { get; init; } = [];

    /// <summary>
    /// Tasks that cannot: no item was scored with every strategy, the baseline's mean is 0, or a mean of 0 where lower is better. Default: none.
    /// </summary>
    public IReadOnlyList<string> TasksLeftOut { get; init; } = [];

    /// <summary>The share of the model's items, of all tasks, that were scored with this strategy; the others were too long or failed.</summary>
    public required double Answered { get; init; }

    /// <summary>The mean over tasks, those where lower is better aside, of the mean score of all items, those without a score as 0 but for those that could not be made or judged, which are left out; null where there is no such task.</summary>
    public double? MeanOverAll { get; init; }

    /// <summary>Items that the following means are over. Default: 0.</summary>
    public int Items { get; init; }

    /// <summary>Tokens of the prompts of an item, those to ranking models included; null where there is no item.</summary>
    public double? InputTokens { get; init; }

    /// <summary>Tokens of the answers of an item; null where there is no item.</summary>
    public double? OutputTokens { get; init; }

    /// <summary>The share of the contexts' tokens that the model got, all items together; null where the strategy does not say, as one that keeps everything.</summary>
    public double? KeptShare { get; init; }

    /// <summary>How long an item took; null where there is no item.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What an item cost; null where a model has no price or there is no item.</summary>
    public decimal? Cost { get; init; }

    /// <summary>
    /// Whether no other strategy of the model is as good for less or better for as much (Pareto): by cost where every strategy's is known, else by tokens of prompts.
    /// </summary>
    public bool IsOnFront { get; init; }

    /// <summary>A line for people: model, strategy, the mean against the baseline's, items, tokens of an item, and whether it is on the front.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Model}, {Strategy}: {Normalized?.ToString("0.00", CultureInfo.InvariantCulture) ?? ReportNumbers.None} of the baseline, {Items:N0} items, {InputTokens?.ToString("N0", CultureInfo.InvariantCulture) ?? ReportNumbers.None} tokens an item{(IsOnFront ? ", on the front" : "")}");
}
