using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>A task's items of one length as far as they have been asked, and what they scored.</summary>
internal sealed class SizedSampler(EvaluationTask task, int length, Tokenizer tokenizer) : IDisposable
{
    private readonly IEnumerator<EvaluationItem> items = ((ISizedTask)task).CreateItems(tokenizer, length).GetEnumerator();
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);

    public EvaluationTask Task => task;

    public int Length => length;

    /// <summary>Scores in the order of the items; those that failed are left out.</summary>
    public List<double> Scores { get; } = [];

    public List<ItemResult> Results { get; } = [];

    public bool IsExhausted { get; private set; }

    /// <summary>The next items, or fewer where the task has no more.</summary>
    public List<EvaluationItem> Next(int count)
    {
        List<EvaluationItem> next = [];
        while (next.Count < count)
        {
            if (!items.MoveNext())
            {
                IsExhausted = true;
                break;
            }

            if (!ids.Add(items.Current.Id)) throw new EvaluationRunException($"The task '{task.Name}' has two items with the id '{items.Current.Id}' at length {length}, expected one.");
            next.Add(items.Current);
        }

        return next;
    }

    /// <exception cref="EvaluationRunException">All of them failed, or a score is none.</exception>
    public void Take(IReadOnlyList<ItemResult> results)
    {
        foreach (ItemResult result in results)
        {
            Results.Add(result with { Task = task.Name, Length = result.Length ?? length });
            // What does not fit is not answered: the model does not reach as far.
            if (result.Status == ItemStatus.TooLong) Scores.Add(0);
            if (result.Status != ItemStatus.Scored) continue;
            double score = result.Score!.Value;
            if (!(score is >= 0 and <= 1)) throw new EvaluationRunException($"The task '{task.Name}' scored the item '{result.Item}' {score}, expected 0 to 1.");
            Scores.Add(score);
        }

        if (results.Count == 0 || results.All(result => result.Status == ItemStatus.Failed))
        {
            throw new EvaluationRunException(
                $"'{task.Name}' cannot be measured at length {length}: {(results.Count == 0 ? "nothing was asked" : $"all items failed, the last with: {results[^1].Fault}")}");
        }
    }

    public void Dispose() => items.Dispose();
}
