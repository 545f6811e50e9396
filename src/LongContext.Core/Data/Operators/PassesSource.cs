using System.Globalization;

namespace LongContext.Data.Operators;

/// <summary>Passes, each a source of its own.</summary>
internal sealed class PassesSource<T>(Func<long, IDataSource<T>> newPass, long? passes) : IDataSource<T>
    where T : class
{
    private const string StateKind = "passes", PassName = "pass", AnyName = "any", SourceName = "source";

    private IDataSource<T>? source;
    private long pass;
    private bool any;

    public T? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            source ??= Make(pass);
            if (source.Next(cancellationToken) is { } item)
            {
                any = true;
                return item;
            }

            if (pass + 1 >= passes) return null;
            if (!any && passes is null) throw new InvalidOperationException($"Pass {pass} has no item: passes without end would never give one.");
            source = Make(pass + 1);
            pass++;
            any = false;
        }
    }

    public StreamState Capture() => new StreamState(StateKind).SetSettings(Settings())
        .Set(PassName, pass).Set(AnyName, any ? 1 : 0).Set(SourceName, (source ??= Make(pass)).Capture());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        long passThen = state.GetNumber(PassName, 0, passes - 1 ?? long.MaxValue);
        bool anyThen = state.GetNumber(AnyName, 0, 1) == 1;
        IDataSource<T> made = Make(passThen);
        made.Restore(state.GetState(SourceName));
        (source, pass, any) = (made, passThen, anyThen);
    }

    private IDataSource<T> Make(long number) => newPass(number) ?? throw new InvalidOperationException($"The function gave null for pass {number}; expected a source.");

    private (string Name, string Value)[] Settings() => [("passes", passes?.ToString(CultureInfo.InvariantCulture) ?? "endless")];
}
