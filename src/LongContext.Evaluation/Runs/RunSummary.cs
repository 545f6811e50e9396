using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>Adds results up by model, strategy and task.</summary>
internal static class RunSummary
{
    public static IReadOnlyList<TaskSummary> Of(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<IContextStrategy> strategies, IReadOnlyList<EvaluationTask> tasks, IReadOnlyList<ItemResult> results,
        RunEngine engine, EvaluationRunOptions options)
    {
        RunStrategies applied = new(strategies, tasks);
        ILookup<(string, string, string), ItemResult> byTask = results.ToLookup(result => (result.Model, result.Strategy, result.Task));
        return
        [
            .. from model in models
               from strategy in Enumerable.Range(0, applied.All.Count)
               from task in tasks
               where applied.Apply(task, strategy)
               select Of(model, applied.All[strategy], task, [.. byTask[(model.Name, applied.All[strategy].Name, task.Name)]], engine, options),
        ];
    }

    private static TaskSummary Of(EvaluationModel model, IContextStrategy strategy, EvaluationTask task, ItemResult[] results, RunEngine engine, EvaluationRunOptions options)
    {
        ItemResult[] scored = [.. results.Where(result => result.Status == ItemStatus.Scored)];
        double? combined = scored.Length == 0 ? null : task.Combine(scored);
        double[] scores = [.. scored.Select(result => result.Score!.Value)];
        return new TaskSummary
        {
            Model = model.Name,
            Strategy = strategy.Name,
            Task = task.Name,
            Scored = scored.Length,
            TooLong = results.Count(result => result.Status == ItemStatus.TooLong),
            Failed = results.Count(result => result.Status == ItemStatus.Failed),
            NotAsked = engine.NotAsked(model.Name, task.Name, results.Count(result => result.Status != ItemStatus.NotMade)),
            NotMade = engine.NotMade(model.Name, task.Name),
            NotJudged = results.Count(result => result.Status == ItemStatus.NotJudged),
            CutByLength = scored.Count(result => result.IsCutByLength),
            EmptyAnswers = scored.Count(result => result.IsEmpty),
            Mean = scores.Length == 0 ? null : combined ?? scores.Average(),
            Interval = combined is null ? ConfidenceIntervals.OfMean(scores, options.ConfidenceLevel, options.Seed) : null,
            LengthMeans = combined is null ? [] : LengthMeans(task, scored),
            Deviations = TaskDeviations.Of(task, options.MaximumItems),
            UsesStrategies = task.UsesStrategies,
            Figures = task.Summarize(scored),
            LowerIsBetter = task.LowerIsBetter,
            InputTokens = results.Sum(result => result.InputTokens),
            OutputTokens = results.Sum(result => result.OutputTokens),
            Duration = results.Aggregate(TimeSpan.Zero, (sum, result) => sum + result.Duration),
            // An item that was never asked has no cost; it takes nothing away from what the others cost.
            Cost = results.Any(result => result.Cost is null && result.Requests > 0) || (model.Price is null && results.All(result => result.Cost is null))
                ? null
                : results.Sum(result => result.Cost ?? 0),
        };
    }

    private static LengthMean[] LengthMeans(EvaluationTask task, ItemResult[] scored) =>
    [
        .. scored.Where(result => result.Length is not null).GroupBy(result => result.Length!.Value).OrderBy(group => group.Key)
            .Select(group => (group.Key, Mean: task.Combine([.. group]))).Where(length => length.Mean is not null).Select(length => new LengthMean(length.Key, length.Mean!.Value)),
    ];
}
