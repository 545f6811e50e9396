using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Runs;

/// <summary>
/// A task's items as a run takes them: so many at most, of a task with lengths or other parts so many of each; and one length, or one task, whose items cannot be made ends nothing but itself.
/// </summary>
internal static class ItemSource
{
    /// <summary>An item, or why those of a length (of the task where it is null) cannot be made, and how many these are where that is known.</summary>
    public readonly record struct Made(EvaluationItem? Item, int? Length, ArgumentException? Fault, int? Missing = null);

    /// <summary>How many items a task has, as far as it says so.</summary>
    public static int? CountOf(EvaluationTask task, int? most)
    {
        if (most is { } limit && task is IPartedTask parted) return parted.Parts.Aggregate((int?)0, (sum, part) => part.Count is { } own ? sum + Math.Min(own, limit) : null);
        if (task.ItemCount is not { } count || most is not { } each) return task.ItemCount;
        return task is ISizedTask { Lengths.Count: > 0 and var lengths } ? (int)Math.Min(count, (long)each * lengths) : Math.Min(count, each);
    }

    public static IEnumerable<Made> Of(EvaluationTask task, Tokenizer tokenizer, int? most) =>
        task is IPartedTask parted ? OfParts(parted, tokenizer, most) : OfWhole(task, tokenizer, most);

    private static IEnumerable<Made> OfParts(IPartedTask task, Tokenizer tokenizer, int? most)
    {
        foreach (ItemPart part in task.Parts)
        {
            using Walk own = new(() => part.CreateItems(tokenizer));
            int count = 0;
            for (; !(count >= most) && own.Next(out EvaluationItem? item); count++) yield return new Made(item, part.Length, null);
            if (own.Fault is not null) yield return new Made(null, part.Length, own.Fault, Least(part.Count, most) - count);
        }
    }

    private static IEnumerable<Made> OfWhole(EvaluationTask task, Tokenizer tokenizer, int? most)
    {
        ISizedTask? sized = task is ISizedTask { Lengths.Count: > 0 } known ? known : null;
        Dictionary<int, int> counts = []; // by length; those without one under -1
        HashSet<string> seen = new(StringComparer.Ordinal);
        ArgumentException? fault;
        bool isFull = false;
        using (Walk whole = new(() => task.CreateItems(tokenizer)))
        {
            while (!isFull && whole.Next(out EvaluationItem? item))
            {
                int length = sized is null ? -1 : item!.Length ?? -1, count = counts.GetValueOrDefault(length);
                if (count >= most) continue;
                seen.Add(item!.Id);
                counts[length] = ++count;
                yield return new Made(item, item.Length, null);
                // More of this length need not be made; what else there is comes length by length.
                isFull = count == most && (sized is null || length >= 0);
            }

            fault = whole.Fault;
        }

        if (sized is null && fault is not null) yield return new Made(null, null, fault, Least(task.ItemCount, most) - counts.GetValueOrDefault(-1));
        if (sized is null || (fault is null && !isFull)) yield break;
        int bound = most ?? (task.ItemCount / sized.Lengths.Count) ?? (counts.Where(pair => pair.Key >= 0).Select(pair => pair.Value).DefaultIfEmpty(int.MaxValue).Max());
        bool isFound = false;
        foreach (int length in sized.Lengths)
        {
            int count = counts.GetValueOrDefault(length);
            if (count >= bound) continue;
            using Walk own = new(() => sized.CreateItems(tokenizer, length));
            while (count < bound && own.Next(out EvaluationItem? item))
            {
                if (!seen.Add(item!.Id)) continue;
                count++;
                yield return new Made(item, length, null);
            }

            if (own.Fault is null) continue;
            isFound = true;
            yield return new Made(null, length, own.Fault, Least(task.ItemCount / sized.Lengths.Count, most) - count);
        }

        if (fault is not null && !isFound) yield return new Made(null, null, fault);
    }

    private static int? Least(int? count, int? most) => count is { } known ? Math.Min(known, most ?? known) : null;

    /// <summary>Goes through items until they end or cannot be made.</summary>
    private sealed class Walk(Func<IEnumerable<EvaluationItem>> begin) : IDisposable
    {
        private IEnumerator<EvaluationItem>? items;

        public ArgumentException? Fault { get; private set; }

        public bool Next(out EvaluationItem? item)
        {
            item = null;
            try
            {
                items ??= begin().GetEnumerator();
                if (!items.MoveNext()) return false;
                item = items.Current;
                return true;
            }
            catch (ArgumentException exception)
            {
                Fault = exception;
                return false;
            }
        }

        public void Dispose() => items?.Dispose();
    }
}
