namespace LongContext.Data.Operators;

internal sealed class WhereSource<T>(IDataSource<T> source, Func<T, bool> predicate, string identity) : OperatorSource<T, T>(source, "where", identity)
    where T : class
{
    public override T? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Cursor.Peek(0, cancellationToken) is not { } item) return null;
            bool kept = predicate(item);
            Cursor.Take();
            if (kept) return item;
        }
    }
}
