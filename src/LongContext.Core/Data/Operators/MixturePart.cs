namespace LongContext.Data.Operators;

/// <summary>One source of a mixture with what it has given.</summary>
internal sealed class MixturePart<T>
    where T : class
{
    private const string StateKind = "mixture-source", EndedName = "ended", ItemsName = "items", TokensName = "tokens", PassesName = "passes", PassName = "pass", AnyName = "any", GivenName = "given",
        StartName = "start";

    private readonly IDataSource<T> first;
    private readonly Func<long, IDataSource<T>>? newPass;
    private IDataSource<T> source;
    private SourceCursor<T> cursor; // an item is taken once it is counted: what its size throws loses nothing
    private StreamState? start; // null where it is never gone back to
    private long pass;
    private bool any; // an item of this pass was given

    public MixturePart(WeightedSource<T> given, string name, bool repeats)
    {
        (source, newPass, Weight, Epochs, Name) = (given.Source, given.NewPass, given.Weight, given.Epochs, name);
        first = source;
        cursor = new SourceCursor<T>(source);
        start = repeats && newPass is null ? source.Capture() : null;
    }

    public string Name { get; }

    public double Weight { get; }

    public long Epochs { get; }

    public long Items { get; private set; }

    public long Tokens { get; private set; }

    /// <summary>Passes that are finished.</summary>
    public long Passes { get; private set; }

    public bool Ended { get; private set; }

    /// <summary>What it gave since the shares count, in what they are shares of.</summary>
    public long Given { get; set; }

    /// <summary>The next item, of another pass where one may be begun; else null, and the source has ended.</summary>
    /// <param name="repeats">Whether it begins anew even after its last epoch.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    public T? Read(bool repeats, CancellationToken cancellationToken)
    {
        T? item = cursor.Peek(0, cancellationToken);
        if (item is null && (repeats || Passes + 1 < Epochs))
        {
            if (any)
            {
                IDataSource<T> next = newPass is null ? source : Make(pass + 1);
                if (newPass is null) next.Restore(start!);
                (source, cursor) = (next, new SourceCursor<T>(next));
                pass++;
                Passes++;
                any = false;
                item = cursor.Peek(0, cancellationToken);
            }

            if (item is null) throw new InvalidOperationException($"The source '{Name}' of the mixture has no item: it cannot be repeated.");
        }

        if (item is null)
        {
            Passes++;
            Ended = true;
        }

        return item;
    }

    /// <summary>Takes the item that was read.</summary>
    public void Give(long tokens, long share)
    {
        cursor.Take();
        any = true;
        Items++;
        Tokens += tokens;
        Given += share;
    }

    public StreamState Capture()
    {
        StreamState state = cursor.Save(new StreamState(StateKind)).Set(EndedName, Ended ? 1 : 0).Set(ItemsName, Items).Set(TokensName, Tokens)
            .Set(PassesName, Passes).Set(PassName, pass).Set(AnyName, any ? 1 : 0).Set(GivenName, Given);
        return start is null ? state : state.Set(StartName, start);
    }

    /// <summary>Reads and checks a state, and gives what is then to be done.</summary>
    public Action Restore(StreamState state)
    {
        state.RequireKind(StateKind);
        bool ended = state.GetNumber(EndedName, 0, 1) == 1, anyThen = state.GetNumber(AnyName, 0, 1) == 1;
        long items = state.GetNumber(ItemsName, 0), tokens = state.GetNumber(TokensName, 0), passes = state.GetNumber(PassesName, 0), passThen = state.GetNumber(PassName, 0, passes), given = state.GetNumber(GivenName, 0);
        StreamState? startThen = start is null ? null : state.GetState(StartName);
        return () =>
        {
            IDataSource<T> then = newPass is null || passThen == 0 ? first : passThen == pass ? source : Make(passThen);
            SourceCursor<T> there = new(then);
            there.Load(state);
            (source, cursor, pass, start, any, Items, Tokens, Passes, Ended, Given) = (then, there, passThen, startThen, anyThen, items, tokens, passes, ended, given);
        };
    }

    private IDataSource<T> Make(long number) =>
        newPass!(number) ?? throw new InvalidOperationException($"The source '{Name}' of the mixture: the function gave null for pass {number}; expected a source.");
}
