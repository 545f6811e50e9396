using System.Globalization;

namespace LongContext.Evaluation.Tasks;

/// <summary>Words for how a task differs from what its authors publish figures of, and the table of them.</summary>
/// <remarks>A phrase has at most 48 characters: consoles cut longer ones.</remarks>
internal static class TaskDeviations
{
    /// <summary>Another number than the authors', or nothing where it is the same.</summary>
    /// <param name="number">The number.</param>
    /// <param name="official">The authors'.</param>
    /// <param name="what">What there are so many of.</param>
    public static IEnumerable<string> Number(int number, int official, string what) =>
        number == official ? [] : [string.Create(CultureInfo.InvariantCulture, $"{number} {what} in place of {official}")];

    /// <summary>The first items only, or nothing where there is no limit.</summary>
    public static IEnumerable<string> First(int? most, string what = "items") =>
        most is { } number ? [string.Create(CultureInfo.InvariantCulture, $"the first {number} {what} only")] : [];

    /// <summary>Whether a phrase says that only the first items were asked.</summary>
    public static bool IsFirst(string phrase) => phrase.StartsWith("the first ", StringComparison.Ordinal) && phrase.EndsWith(" only", StringComparison.Ordinal);

    /// <summary>A phrase where something is so.</summary>
    public static IEnumerable<string> Where(bool isSo, string phrase) => isSo ? [phrase] : [];

    /// <summary>A task's own, and that a run asked only its first items.</summary>
    /// <param name="task">The task.</param>
    /// <param name="most">The run's limit, of tasks that have lengths or other parts for each of them; or null for none.</param>
    public static IReadOnlyList<string> Of(EvaluationTask task, int? most)
    {
        if (most is not { } limit) return task.Deviations;
        if (task is IPartedTask { Parts.Count: > 1 } parted)
        {
            return parted.Parts.All(part => part.Count <= limit) ? task.Deviations : [.. task.Deviations, .. First(limit, $"items of each {parted.PartName}")];
        }

        int lengths = task is ISizedTask sized ? sized.Lengths.Count : 0;
        bool isWhole = task.ItemCount is { } count && count <= (long)limit * Math.Max(1, lengths);
        return isWhole ? task.Deviations : [.. task.Deviations, .. First(limit, lengths > 1 ? "items of each length" : "items")];
    }

    /// <summary>A sentence for each phrase, with the tasks that it holds for.</summary>
    public static IEnumerable<string> Notes(IEnumerable<EvaluationTask> tasks) =>
        tasks.SelectMany(task => task.Deviations.Select(deviation => (deviation, task.Name))).GroupBy(pair => pair.deviation, pair => pair.Name)
            .Select(names => $"Not as published: {names.Key} ({string.Join(", ", names)}).");

    /// <summary>The table of a report, or null where there is nothing to say.</summary>
    public static ReportSection? Section(IReadOnlyList<TaskSummary> summaries)
    {
        IReadOnlyList<string>[] rows = [.. summaries.DistinctBy(summary => summary.Task).SelectMany(summary => summary.Deviations.Select(deviation => (string[])[summary.Task, deviation]))];
        return rows.Length == 0 ? null : new ReportSection
        {
            Title = "Not as published",
            Remark = "In these respects tasks differ from what their authors publish figures of: do not compare with those.",
            Columns = ["Task", "Differs by"],
            NameColumns = 2,
            Rows = rows,
        };
    }
}
