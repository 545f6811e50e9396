using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Runs;

/// <summary>The strategies of a run, and which tasks are evaluated with which: those that strategies do not apply to only once, as full context.</summary>
internal sealed class RunStrategies
{
    private readonly int given, alone;

    public RunStrategies(IReadOnlyList<IContextStrategy> strategies, IEnumerable<EvaluationTask> tasks)
    {
        FullContextStrategy full = new();
        given = strategies.Count;
        alone = Enumerable.Range(0, given).FirstOrDefault(i => strategies[i].Name == FullContextStrategy.StrategyName, given);
        All = alone == given && tasks.Any(task => !task.UsesStrategies) ? [.. strategies, full] : strategies;
    }

    /// <summary>Those given and, where a task needs it, full context.</summary>
    public IReadOnlyList<IContextStrategy> All { get; }

    /// <summary>Whether a task is evaluated with a strategy, by its place in <see cref="All"/>.</summary>
    public bool Apply(EvaluationTask task, int strategy) => task.UsesStrategies ? strategy < given : strategy == alone;
}
