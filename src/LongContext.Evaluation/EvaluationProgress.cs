using System.Globalization;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

/// <summary>How far a run is.</summary>
public sealed record EvaluationProgress
{
    /// <summary>Items done, with each model and each strategy one; those of earlier runs on the folder included. Required.</summary>
    public required int Done { get; init; }

    /// <summary>Items in all, or null while that is not known: tasks make their items as they go.</summary>
    public int? Total { get; init; }

    /// <summary>Of those done, how many come from earlier runs. Default: 0.</summary>
    public int Resumed { get; init; }

    /// <summary>Of those done, how many failed. Default: 0.</summary>
    public int Failed { get; init; }

    /// <summary>Requests that models answered in this run. Default: 0.</summary>
    public int Requests { get; init; }

    /// <summary>Requests that were answered from what is kept. Default: 0.</summary>
    public int FromCache { get; init; }

    /// <summary>Tries that failed and were made again. Default: 0.</summary>
    public int Retries { get; init; }

    /// <summary>Tokens of the prompts of this run's requests. Default: 0.</summary>
    public long InputTokens { get; init; }

    /// <summary>Tokens of their answers. Default: 0.</summary>
    public long OutputTokens { get; init; }

    /// <summary>What this run's requests cost, as far as models have a price. Default: 0.</summary>
    public decimal Cost { get; init; }

    /// <summary>Time since the run began. Default: 0.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>
    /// Time that is likely left, or null while nobody can tell: what is left at the pace of the items that were done in this run, of the slowest model.
    /// </summary>
    public TimeSpan? Remaining { get; init; }

    /// <summary>Model by model and task by task, all strategies together. Default: none.</summary>
    public IReadOnlyList<EvaluationTaskProgress> Tasks { get; init; } = [];

    /// <summary>A line for people: items, failures, requests, tokens, time and what is likely left of it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Done:N0}{(Total is { } total ? $" of {total.ToString("N0", CultureInfo.InvariantCulture)}" : "")} items{(Failed > 0 ? $", {Failed.ToString("N0", CultureInfo.InvariantCulture)} failed" : "")}, ")
        + string.Create(CultureInfo.InvariantCulture, $"{Requests:N0} requests, {InputTokens + OutputTokens:N0} tokens, {ReportNumbers.Time(Elapsed)}")
        + (Remaining is { } left ? $", about {ReportNumbers.Time(left)} left" : "");
}
