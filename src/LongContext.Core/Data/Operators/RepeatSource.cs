using System.Globalization;

namespace LongContext.Data.Operators;

/// <summary>A source again and again, from where it stood when this was made.</summary>
internal sealed class RepeatSource<T>(IDataSource<T> source, long? epochs) : IDataSource<T>
    where T : class
{
    private const string StateKind = "repeat", PassName = "pass", AnyName = "any", StartName = "start", SourceName = "source";

    private StreamState start = source.Capture();
    private long pass;
    private bool any; // an item of this pass was given

    public T? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (source.Next(cancellationToken) is { } item)
            {
                any = true;
                return item;
            }

            if (pass + 1 >= epochs) return null;
            if (!any) throw new InvalidOperationException("The source has no item: it cannot be repeated.");
            source.Restore(start);
            pass++;
            any = false;
        }
    }

    public StreamState Capture() => new StreamState(StateKind).SetSettings(Settings())
        .Set(PassName, pass).Set(AnyName, any ? 1 : 0).Set(StartName, start).Set(SourceName, source.Capture());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        long passThen = state.GetNumber(PassName, 0, epochs - 1 ?? long.MaxValue);
        bool anyThen = state.GetNumber(AnyName, 0, 1) == 1;
        StreamState startThen = state.GetState(StartName);
        source.Restore(state.GetState(SourceName));
        (pass, any, start) = (passThen, anyThen, startThen);
    }

    private (string Name, string Value)[] Settings() => [("epochs", epochs?.ToString(CultureInfo.InvariantCulture) ?? "endless")];
}
