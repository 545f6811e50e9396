namespace LongContext.Data.Operators;

internal sealed class ChunkGroup<T>(int size) : IGroup<T, IReadOnlyList<T>>
    where T : class
{
    private readonly List<T> items = [];

    public GatherResult Add(T item)
    {
        items.Add(item);
        return items.Count == size ? GatherResult.AddedLast : GatherResult.Added;
    }

    public IReadOnlyList<T> Complete() => items;
}
