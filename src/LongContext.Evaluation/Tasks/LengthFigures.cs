using System.Globalization;

namespace LongContext.Evaluation.Tasks;

/// <summary>Figures of tasks that are made at many lengths, for <see cref="EvaluationTask.Summarize"/> of a task of your own.</summary>
public static class LengthFigures
{
    /// <summary>The mean of all items, named score, then that of each length, named by it, from the shortest; 0 to 100.</summary>
    /// <param name="results">Results of one model and one strategy that have a score; those without a length count in the first figure alone.</param>
    public static IReadOnlyList<TaskFigure> Of(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return
        [
            new TaskFigure("score", results.Count == 0 ? null : 100 * results.Average(result => result.Score!.Value)),
            .. results.Where(result => result.Length is not null).GroupBy(result => result.Length!.Value).OrderBy(group => group.Key)
                .Select(group => new TaskFigure(group.Key.ToString(CultureInfo.InvariantCulture), 100 * group.Average(result => result.Score!.Value))),
        ];
    }
}
