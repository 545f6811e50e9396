using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>Adds results up by model, strategy and task.</summary>
internal static class RunSummary
{
    public static IReadOnlyList<TaskSummary> Of(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<IContextStrategy> strategies, IReadOnlyList<EvaluationTask> tasks, IReadOnlyList<ItemResult> results,
        EvaluationRunOptions options)
    {
        ILookup<(string, string, string), ItemResult> byTask = results.ToLookup(result => (result.Model, result.Strategy, result.Task));
        return
        [
            .. from model in models
               from strategy in strategies
               from task in tasks
               select Of(model, strategy, task, [.. byTask[(model.Name, strategy.Name, task.Name)]], options),
        ];
    }

    private static TaskSummary Of(EvaluationModel model, IContextStrategy strategy, EvaluationTask task, ItemResult[] results, EvaluationRunOptions options)
    {
        ItemResult[] scored = [.. results.Where(result => result.Status == ItemStatus.Scored)];
        double[] scores = [.. scored.Select(result => result.Score!.Value)];
        return new TaskSummary
        {
            Model = model.Name,
            Strategy = strategy.Name,
            Task = task.Name,
            Scored = scored.Length,
            TooLong = results.Count(result => result.Status == ItemStatus.TooLong),
            Failed = results.Count(result => result.Status == ItemStatus.Failed),
            Mean = scores.Length == 0 ? null : scores.Average(),
            Interval = ConfidenceIntervals.OfMean(scores, options.ConfidenceLevel, options.Seed),
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
}
