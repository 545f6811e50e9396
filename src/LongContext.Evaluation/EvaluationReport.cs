namespace LongContext.Evaluation;

/// <summary>What a run found: models × strategies × tasks.</summary>
public sealed partial record EvaluationReport
{
    /// <summary>Its title. Required.</summary>
    public required string Title { get; init; }

    /// <summary>When the run began. Required.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>Every item's result, by model, strategy, task and the order of items. Required.</summary>
    public required IReadOnlyList<ItemResult> Items { get; init; }

    /// <summary>What each model reached with each strategy in each task, in the order they were given. Required.</summary>
    public required IReadOnlyList<TaskSummary> Tasks { get; init; }

    /// <summary>Tables of the benchmarks that the tasks belong to (<see cref="Tasks.EvaluationTask.Benchmark"/>). Default: none.</summary>
    public IReadOnlyList<ReportSection> Sections { get; init; } = [];

    /// <summary>What was set, for the reader: name and value. Default: nothing.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    /// <summary>What the reader should know, such as that a model was not asked any more after many failures. Default: nothing.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The currency's name that costs are in, or null (the default) where there are none.</summary>
    public string? Currency { get; init; }
}
