using System.Globalization;

namespace LongContext.Data.Operators;

/// <summary>
/// Windows of items, each in an order of its own. A window's order depends on the seed and its number alone, so the state needs no items: it is
/// the place before the window, and how many of it were given.
/// </summary>
internal sealed class ShuffleSource<T>(IDataSource<T> source, int windowSize, int seed) : OperatorSource<T, T>(source, "shuffle")
    where T : class
{
    private const string WindowName = "window", GivenName = "given";

    private int[]? order;
    private long window;
    private int given;

    public override T? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        order ??= ReadWindow(cancellationToken);
        if (order is null) return null;
        T item = Cursor.Peek(order[given], CancellationToken.None)!;
        if (++given == order.Length)
        {
            Cursor.Take(order.Length);
            order = null;
            given = 0;
            window++;
        }

        return item;
    }

    protected override IEnumerable<(string Name, string Value)> Settings() =>
        [("window-size", windowSize.ToString(CultureInfo.InvariantCulture)), ("seed", seed.ToString(CultureInfo.InvariantCulture))];

    protected override void Save(StreamState state) => state.Set(WindowName, window).Set(GivenName, given);

    protected override Action Load(StreamState state)
    {
        long windowThen = state.GetNumber(WindowName, 0);
        int givenThen = (int)state.GetNumber(GivenName, 0, windowSize - 1);
        return () => (order, window, given) = (null, windowThen, givenThen);
    }

    private int[]? ReadWindow(CancellationToken cancellationToken)
    {
        int count = 0;
        while (count < windowSize && Cursor.Peek(count, cancellationToken) is not null) count++;
        if (given > 0 && given >= count)
            throw new DataFormatException(string.Create(CultureInfo.InvariantCulture, $"Window {window} has {count} items, of which {given} were given before and one was left: the data has changed since."));
        if (count == 0) return null;
        int[] made = new int[count];
        for (int i = 0; i < count; i++) made[i] = i;
        new SplitMix64(seed, window).Shuffle(made.AsSpan());
        return made;
    }
}
