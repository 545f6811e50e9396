using System.Globalization;

namespace LongContext.Data.Operators;

internal sealed class TakeSource<T>(IDataSource<T> source, long count) : OperatorSource<T, T>(source, "take")
    where T : class
{
    private const string GivenName = "given";

    private long given;

    public override T? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (given == count || Cursor.Peek(0, cancellationToken) is not { } item) return null;
        Cursor.Take();
        given++;
        return item;
    }

    protected override IEnumerable<(string Name, string Value)> Settings() => [("count", count.ToString(CultureInfo.InvariantCulture))];

    protected override void Save(StreamState state) => state.Set(GivenName, given);

    protected override Action Load(StreamState state)
    {
        long then = state.GetNumber(GivenName, 0, count);
        return () => given = then;
    }
}
