namespace LongContext.Data.Operators;

/// <summary>What the operators that work on one source have in common.</summary>
internal abstract class OperatorSource<TIn, TOut>(IDataSource<TIn> source, string kind, string identity = "") : IDataSource<TOut>
    where TIn : class
    where TOut : class
{
    private const string IdentityName = "identity";

    protected SourceCursor<TIn> Cursor { get; } = new(source);

    public abstract TOut? Next(CancellationToken cancellationToken = default);

    public StreamState Capture()
    {
        StreamState state = Cursor.Save(new StreamState(kind)).SetSettings([(IdentityName, identity), .. Settings()]);
        Save(state);
        return state;
    }

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(kind);
        state.RequireSettings([(IdentityName, identity), .. Settings()]);
        Action go = Load(state);
        Cursor.Load(state);
        go();
    }

    /// <summary>What decides what comes next, besides the source.</summary>
    protected virtual IEnumerable<(string Name, string Value)> Settings() => [];

    /// <summary>Adds what it needs besides the place in the source.</summary>
    protected virtual void Save(StreamState state)
    {
    }

    /// <summary>Reads and checks what <see cref="Save"/> added, and gives what is to be done once the source stands at its place.</summary>
    protected virtual Action Load(StreamState state) => static () => { };

    /// <summary>Refuses an item that is null where one must be.</summary>
    protected static TOut Require(TOut? item, string what) =>
        item ?? throw new InvalidOperationException($"{what} gave null; expected an item. To leave items out, use Where or SelectMany.");
}
