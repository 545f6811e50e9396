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

    /// <summary>How many items it has, for progress, or null (the default) where that is not known before they are made.</summary>
    public virtual int? ItemCount => null;

    /// <summary>The items, the same each time for the same tokenizer.</summary>
    /// <param name="tokenizer">The model's tokenizer, by which lengths are met.</param>
    public abstract IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer);

    /// <summary>Asks the model about an item, as often as it takes, and scores it.</summary>
    /// <param name="item">One of the items made for the model's tokenizer.</param>
    /// <param name="session">The model.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public abstract ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default);

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
