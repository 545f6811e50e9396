using System.Globalization;

namespace LongContext.Data.Operators;

/// <summary>Every so-manieth item.</summary>
internal sealed class ShardSource<T>(IDataSource<T> source, int index, int count) : OperatorSource<T, T>(source, "shard")
    where T : class
{
    private const string TurnName = "turn";

    private int turn; // whose item comes next

    public override T? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Cursor.Peek(0, cancellationToken) is not { } item) return null;
            Cursor.Take();
            bool own = turn == index;
            turn = (turn + 1) % count;
            if (own) return item;
        }
    }

    protected override IEnumerable<(string Name, string Value)> Settings() =>
        [("index", index.ToString(CultureInfo.InvariantCulture)), ("count", count.ToString(CultureInfo.InvariantCulture))];

    protected override void Save(StreamState state) => state.Set(TurnName, turn);

    protected override Action Load(StreamState state)
    {
        int then = (int)state.GetNumber(TurnName, 0, count - 1);
        return () => turn = then;
    }
}
