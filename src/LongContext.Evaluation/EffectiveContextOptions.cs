using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;
using LongContext.Evaluation.Tasks.Ruler;

namespace LongContext.Evaluation;

/// <summary>How <see cref="EffectiveContext"/> looks for the length up to which a model is reliable.</summary>
public sealed record EffectiveContextOptions
{
    /// <summary>
    /// The tasks, at least one, each with a name of its own and an <see cref="ISizedTask"/>, with scores from 0 to 1; null (the default) for RULER's thirteen with built-in text
    /// (<see cref="Ruler.Create(RulerOptions?)"/>).
    /// </summary>
    public IReadOnlyList<EvaluationTask>? Tasks { get; init; }

    /// <summary>The mean score that a length must reach, above 0 and below 1. Default: 0.856, Llama-2-7B's at 4K, as RULER has it.</summary>
    public double Threshold { get; init; } = 0.856;

    /// <summary>The shortest length in tokens, at least 1. Default: 1,024.</summary>
    public int MinimumLength { get; init; } = 1_024;

    /// <summary>
    /// The longest length in tokens, more than <see cref="MinimumLength"/>, or null (the default) for the model's window, less what its reserved tokens are more than
    /// the tasks leave free for a chat template (<see cref="ISizedTask.TemplateTokens"/>). What does not fit into the model counts 0.
    /// </summary>
    public int? MaximumLength { get; init; }

    /// <summary>How exact the length is found, as a share of it: 0.005 to 1. Default: 0.05.</summary>
    public double Resolution { get; init; } = 0.05;

    /// <summary>
    /// Lengths that are measured in any case, both ends included and evenly spaced by ratio, at least 2: the first that fails says where to look closer, and those above show where a
    /// model recovers. Default: 5.
    /// </summary>
    public int CheckPoints { get; init; } = 5;

    /// <summary>Items that are asked at a time, at least 1; after each such batch it is looked whether more are needed. Default: 8.</summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>Items of a task at one length at most, at least <see cref="BatchSize"/>. Default: 96.</summary>
    public int MaximumItems { get; init; } = 96;

    /// <summary>The confidence of each bracket, above 0 and below 1. Default: 0.95.</summary>
    public double ConfidenceLevel { get; init; } = 0.95;

    /// <summary>What is done with long contexts, or null (the default) for nothing.</summary>
    public IContextStrategy? Strategy { get; init; }

    /// <summary>How models are asked, and the folder that is resumed. Default: four requests at once, nothing kept.</summary>
    public EvaluationRunOptions Run { get; init; } = new();

    /// <summary>RULER's tasks; which lengths they have as they stand plays no part, so that the same search is the same whatever its ends.</summary>
    internal IReadOnlyList<EvaluationTask> DefaultTasks()
    {
        RulerOptions official = new();
        return Ruler.Create(official with { ItemsPerLength = Math.Max(official.ItemsPerLength, MaximumItems) });
    }

    internal void Validate()
    {
        List<string> faults = [];
        void Require(bool met, string name, object? value, string expected)
        {
            if (!met) faults.Add($"{name} is {value ?? "null"}, expected {expected}");
        }

        Require(Tasks is not { Count: 0 }, nameof(Tasks), "empty", "at least one");
        foreach (EvaluationTask task in Tasks ?? [])
        {
            Require(task is not null, nameof(Tasks), "with a null in it", "tasks");
            if (task is null) continue;
            Require(task is ISizedTask, nameof(Tasks), $"with '{task.Name}' in it, which has no lengths to choose", nameof(ISizedTask));
            Require(!task.LowerIsBetter, nameof(Tasks), $"with '{task.Name}' in it, whose lower scores are better", "scores from 0 to 1");
            Require(Tasks!.Count(other => other?.Name == task.Name) == 1, nameof(Tasks), $"with the name '{task.Name}' in it more than once", "one name a task");
        }

        Require(Threshold is > 0 and < 1, nameof(Threshold), Threshold, "between 0 and 1");
        Require(MinimumLength >= 1, nameof(MinimumLength), MinimumLength, "at least 1");
        Require(MaximumLength is null || MaximumLength > MinimumLength, nameof(MaximumLength), MaximumLength, $"more than {nameof(MinimumLength)}");
        Require(Resolution is >= 0.005 and <= 1, nameof(Resolution), Resolution, "0.005 to 1");
        Require(CheckPoints >= 2, nameof(CheckPoints), CheckPoints, "at least 2");
        Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "at least 1");
        Require(MaximumItems >= BatchSize, nameof(MaximumItems), MaximumItems, $"at least {nameof(BatchSize)}");
        Require(ConfidenceLevel is > 0 and < 1, nameof(ConfidenceLevel), ConfidenceLevel, "between 0 and 1");
        Require(Run is not null, nameof(Run), Run, "options");
        Require(Run?.MaximumItems is null, $"{nameof(Run)}.{nameof(EvaluationRunOptions.MaximumItems)}", Run?.MaximumItems, $"null, {nameof(MaximumItems)} being set here");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(EffectiveContextOptions)}: {string.Join("; ", faults.Distinct())}.");
    }
}
