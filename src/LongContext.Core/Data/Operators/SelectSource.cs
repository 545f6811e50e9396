namespace LongContext.Data.Operators;

internal sealed class SelectSource<TIn, TOut>(IDataSource<TIn> source, Func<TIn, TOut> map, string identity) : OperatorSource<TIn, TOut>(source, "select", identity)
    where TIn : class
    where TOut : class
{
    public override TOut? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Cursor.Peek(0, cancellationToken) is not { } item) return null;
        TOut mapped = Require(map(item), "The function of Select");
        Cursor.Take();
        return mapped;
    }
}
