using System.Globalization;

namespace LongContext.Data.Operators;

/// <summary>The first items, so many of them or so much of what their sizes add up to.</summary>
internal sealed class TakeSource<T>(IDataSource<T> source, long amount, Func<T, long>? size = null, string identity = "") : OperatorSource<T, T>(source, "take", identity)
    where T : class
{
    private const string GivenName = "given";

    private long given;

    public override T? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (given >= amount || Cursor.Peek(0, cancellationToken) is not { } item) return null;
        long more = size?.Invoke(item) ?? 1;
        if (more < 0) throw new InvalidOperationException(FormattableString.Invariant($"An item's size is {more}, expected 0 or more."));
        Cursor.Take();
        given = more > long.MaxValue - given ? long.MaxValue : given + more;
        return item;
    }

    protected override IEnumerable<(string Name, string Value)> Settings() => [("count", amount.ToString(CultureInfo.InvariantCulture)), ("of", size is null ? "items" : "sizes")];

    protected override void Save(StreamState state) => state.Set(GivenName, given);

    protected override Action Load(StreamState state)
    {
        long then = state.GetNumber(GivenName, 0, size is null ? amount : long.MaxValue);
        return () => given = then;
    }
}
