using System.Globalization;

namespace LongContext.Data.Operators;

internal sealed class ConcatSource<T>(IDataSource<T>[] sources) : IDataSource<T>
    where T : class
{
    private const string StateKind = "concat", CurrentName = "current";

    private int current;

    public T? Next(CancellationToken cancellationToken = default)
    {
        for (; current < sources.Length; current++)
        {
            if (sources[current].Next(cancellationToken) is { } item) return item;
        }

        return null;
    }

    public StreamState Capture()
    {
        StreamState state = new StreamState(StateKind).SetSettings(Settings()).Set(CurrentName, current);
        for (int i = 0; i < sources.Length; i++) state.Set(Name(i), sources[i].Capture());
        return state;
    }

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        int currentThen = (int)state.GetNumber(CurrentName, 0, sources.Length);
        StreamState[] states = [.. sources.Select((_, i) => state.GetState(Name(i)))];
        StreamState[] before = [.. sources.Select(source => source.Capture())];
        int restored = 0;
        try
        {
            for (; restored < sources.Length; restored++) sources[restored].Restore(states[restored]);
        }
        catch
        {
            // A later source refused its state.
            while (--restored >= 0) sources[restored].Restore(before[restored]);
            throw;
        }

        current = currentThen;
    }

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"source-{index}");

    private (string Name, string Value)[] Settings() => [("sources", sources.Length.ToString(CultureInfo.InvariantCulture))];
}
