using System.Globalization;

namespace LongContext.Data;

/// <summary>Items by number.</summary>
internal sealed class FunctionSource<T>(Func<long, T> getItem, long? count, string identity) : IDataSource<T>
    where T : class
{
    private const string StateKind = "function";

    private long next;

    public T? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (next >= count) return null;
        T item = getItem(next) ?? throw new InvalidOperationException($"The function gave null for item {next}; expected an item.");
        next++;
        return item;
    }

    public StreamState Capture() => new StreamState(StateKind).Set("next", next).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        next = state.GetNumber("next", 0, count ?? long.MaxValue);
    }

    private (string Name, string Value)[] Settings() =>
        [("count", count?.ToString(CultureInfo.InvariantCulture) ?? "endless"), ("identity", identity)];
}
