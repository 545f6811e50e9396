using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>Questions to a model and how its answers are scored. A task may be used by many runs at once.</summary>
public abstract class EvaluationTask
{
    /// <summary>Its name in reports, such as "longbench/qasper"; one name a task in a run.</summary>
    public abstract string Name { get; }

    /// <summary>Everything that decides its items and scores, data included. A resumed run must have the same.</summary>
    public abstract string Identity { get; }

    /// <summary>Whether a lower score is the better one, as with perplexity. Default: false, and scores are from 0 to 1.</summary>
    public virtual bool LowerIsBetter => false;

    /// <summary>What it belongs to, which states something over all its tasks in reports: the same object for each of them; or null (the default).</summary>
    public virtual IBenchmark? Benchmark => null;

    /// <summary>
    /// In which respects its figures are none of those that are published under its name, a short phrase each, such as "20 items of each length in place of 500". Default: none. A report lists them.
    /// </summary>
    public virtual IReadOnlyList<string> Deviations => [];

    /// <summary>What the reader of its figures should know, a sentence each; a report has them among its notes. Default: none.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>How many items it has, for progress, or null (the default) where that is not known before they are made.</summary>
    public virtual int? ItemCount => null;

    /// <summary>
    /// Whether it asks by <see cref="IModelSession.AskAsync"/>, where strategies apply. Default: true. A task that goes to the model in another way returns false: a run evaluates it once
    /// for each model, under the name of <see cref="Strategies.FullContextStrategy"/>, whatever strategies there are.
    /// </summary>
    public virtual bool UsesStrategies => true;

    /// <summary>The items, the same each time for the same tokenizer.</summary>
    /// <param name="tokenizer">The model's tokenizer, by which lengths are met.</param>
    public abstract IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer);

    /// <summary>Asks the model about an item, as often as it takes, and scores it.</summary>
    /// <param name="item">One of the items made for the model's tokenizer.</param>
    /// <param name="session">The model.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public abstract ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default);

    /// <summary>What items come to together where that is no mean of their scores, as a corpus's perplexity; null (the default) where the mean is right.</summary>
    /// <param name="results">Results of one model and one strategy that have a score, at least one: all of them, or those of one length.</param>
    public virtual double? Combine(IReadOnlyList<ItemResult> results) => null;

    /// <summary>
    /// The task's figures as its authors report them, rounded as they do. Default: the mean of the scores times 100, named "score".
    /// </summary>
    /// <param name="results">Results of one model and one strategy that have a score, in the order of the items.</param>
    public virtual IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return [new TaskFigure("score", results.Count == 0 ? null : 100 * results.Average(result => result.Score!.Value))];
    }
}
