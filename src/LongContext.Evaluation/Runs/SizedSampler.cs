using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>A task's items of one length as far as they have been asked, and what they scored.</summary>
internal sealed class SizedSampler(EvaluationTask task, int length, Tokenizer tokenizer) : IDisposable
{
    private readonly HashSet<string> ids = new(StringComparer.Ordinal);
    private IEnumerator<EvaluationItem>? items;

    public EvaluationTask Task => task;

    public int Length => length;

    /// <summary>Scores in the order of the items; null for those that failed.</summary>
    public List<double?> Scores { get; } = [];

    public List<ItemResult> Results { get; } = [];

    /// <summary>No more is asked: the task has no more items, none can be made, or all of a batch failed.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>Why the length cannot be measured or not further, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>The next items, or fewer where the task has no more.</summary>
    public List<EvaluationItem> Next(int count)
    {
        List<EvaluationItem> next = [];
        try
        {
            items ??= ((ISizedTask)task).CreateItems(tokenizer, length).GetEnumerator();
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
        }
        catch (ArgumentException exception)
        {
            // Such as a question that is longer than the length: other lengths are none the worse for it.
            IsExhausted = true;
            Fault = $"its items cannot be made: {exception.Message}";
        }

        return next;
    }

    /// <summary>Takes what became of a batch.</summary>
    /// <param name="asked">Its items.</param>
    /// <param name="results">Their results; some are missing where the model is not asked any more.</param>
    /// <exception cref="EvaluationRunException">A score is none.</exception>
    public void Take(IReadOnlyList<EvaluationItem> asked, IEnumerable<ItemResult> results)
    {
        Dictionary<string, ItemResult> byId = results.ToDictionary(result => result.Item, StringComparer.Ordinal);
        int failed = 0;
        foreach (EvaluationItem item in asked)
        {
            ItemResult? result = byId.GetValueOrDefault(item.Id);
            if (result is not null) Results.Add(result with { Task = task.Name, Length = result.Length ?? length });
            switch (result)
            {
                // What does not fit is not answered: the model does not reach as far.
                case { Status: ItemStatus.TooLong }:
                    Scores.Add(0);
                    break;
                case { Status: ItemStatus.Scored, Score: { } score }:
                    if (!(score is >= 0 and <= 1)) throw new EvaluationRunException($"The task '{task.Name}' scored the item '{result.Item}' {score}, expected 0 to 1.");
                    Scores.Add(score);
                    break;
                default:
                    failed++;
                    Scores.Add(null);
                    Fault = result?.Fault ?? Fault ?? "the model is not asked any more";
                    break;
            }
        }

        // Tries and waits of a whole batch for nothing: the next ones would go the same way.
        if (failed == asked.Count) IsExhausted = true;
    }

    public void Dispose() => items?.Dispose();
}
