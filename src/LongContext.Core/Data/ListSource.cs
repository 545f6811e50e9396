using System.Globalization;

namespace LongContext.Data;

/// <summary>A list, walked in a seeded order of its own in each pass.</summary>
internal sealed class ListSource<T>(IReadOnlyList<T> items, int? seed, int? epochs) : IDataSource<T>
    where T : class
{
    private const string StateKind = "list";

    private readonly int count = items.Count;
    private readonly int[] order = seed is null ? [] : new int[items.Count];
    private long orderedPass = -1;
    private long next;
    private string? fingerprint;

    public T? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (long pass, long place) = Math.DivRem(next, count);
        if (epochs is { } last && pass >= last) return null;
        if (seed is { } given && pass != orderedPass)
        {
            // Each pass shuffles the list's own order, so that pass 7 needs no passes 0 to 6.
            for (int i = 0; i < order.Length; i++) order[i] = i;
            new SplitMix64(given, pass).Shuffle(order.AsSpan());
            orderedPass = pass;
        }

        int index = seed is null ? (int)place : order[place];
        T item = items[index] ?? throw new ArgumentException($"Item {index} of the list is null.");
        next++;
        return item;
    }

    public StreamState Capture() => new StreamState(StateKind).Set("next", next).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        next = state.GetNumber("next", 0, epochs is { } last ? (long)last * count : long.MaxValue);
    }

    private (string Name, string Value)[] Settings() =>
    [
        ("count", count.ToString(CultureInfo.InvariantCulture)),
        ("seed", seed?.ToString(CultureInfo.InvariantCulture) ?? "none"),
        ("epochs", epochs?.ToString(CultureInfo.InvariantCulture) ?? "endless"),
        ("fingerprint", fingerprint ??= Fingerprint.OfList(items)),
    ];
}
