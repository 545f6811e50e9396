using System.Globalization;

namespace LongContext.Evaluation.Tasks;

/// <summary>Figures of tasks that are made at many lengths: the mean of all items, then of each length, 0 to 100.</summary>
internal static class LengthFigures
{
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
