using System.Globalization;

namespace LongContext.Data.Operators;

internal sealed class SkipSource<T>(IDataSource<T> source, long count) : OperatorSource<T, T>(source, "skip")
    where T : class
{
    private const string SkippedName = "skipped";

    private long skipped;

    public override T? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Cursor.Peek(0, cancellationToken) is not { } item) return null;
            Cursor.Take();
            if (skipped == count) return item;
            skipped++;
        }
    }

    protected override IEnumerable<(string Name, string Value)> Settings() => [("count", count.ToString(CultureInfo.InvariantCulture))];

    protected override void Save(StreamState state) => state.Set(SkippedName, skipped);

    protected override Action Load(StreamState state)
    {
        long then = state.GetNumber(SkippedName, 0, count);
        return () => skipped = then;
    }
}
