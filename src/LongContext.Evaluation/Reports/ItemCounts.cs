namespace LongContext.Evaluation.Reports;

/// <summary>What is counted beside the items scored, shown where there is any.</summary>
internal sealed record ItemCounts(string Name, Func<TaskSummary, int> Of)
{
    public static IReadOnlyList<ItemCounts> All { get; } =
    [
        new("failed", summary => summary.Failed),
        new("too long", summary => summary.TooLong),
        new("not asked", summary => summary.NotAsked),
        new("not made", summary => summary.NotMade),
        new("not judged", summary => summary.NotJudged),
        new("cut by length", summary => summary.CutByLength),
        new("empty", summary => summary.EmptyAnswers),
    ];

    /// <summary>With a capital, as columns have it.</summary>
    public string Title => char.ToUpperInvariant(Name[0]) + Name[1..];

    /// <summary>Those that a report has any of.</summary>
    public static IReadOnlyList<ItemCounts> In(EvaluationReport report) => [.. All.Where(count => report.Tasks.Any(summary => count.Of(summary) > 0))];

    /// <summary>Those of a summary: "2 failed", "1 too long".</summary>
    public static IEnumerable<string> Texts(TaskSummary summary) =>
        All.Where(count => count.Of(summary) > 0).Select(count => $"{ReportNumbers.Count(count.Of(summary))} {count.Name}");
}
