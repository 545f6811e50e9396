namespace LongContext.Data.Operators;

/// <summary>One item into many. The state is the place before the item, and how many of its outputs were given.</summary>
internal sealed class SelectManySource<TIn, TOut>(IDataSource<TIn> source, Func<TIn, IEnumerable<TOut>> map, string identity)
    : OperatorSource<TIn, TOut>(source, "select-many", identity)
    where TIn : class
    where TOut : class
{
    private const string GivenName = "given";

    private IEnumerator<TOut>? outputs;
    private long given;

    public override TOut? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Cursor.Peek(0, cancellationToken) is not { } item) return null;
            try
            {
                outputs ??= Enumerate(item);
                if (outputs.MoveNext())
                {
                    TOut output = Require(outputs.Current, "An output of SelectMany");
                    given++;
                    return output;
                }
            }
            catch
            {
                // An enumerator that threw is at its end; the next call makes another and reads over what was given.
                Close();
                throw;
            }

            Close();
            given = 0;
            Cursor.Take();
        }
    }

    protected override void Save(StreamState state) => state.Set(GivenName, given);

    protected override Action Load(StreamState state)
    {
        long then = state.GetNumber(GivenName, 0);
        return () =>
        {
            Close();
            given = then;
        };
    }

    private IEnumerator<TOut> Enumerate(TIn item)
    {
        IEnumerator<TOut> enumerator = (map(item) ?? throw new InvalidOperationException("The function of SelectMany gave null; expected outputs, none at least.")).GetEnumerator();
        for (long i = 0; i < given; i++)
        {
            if (enumerator.MoveNext()) continue;
            enumerator.Dispose();
            throw new InvalidOperationException($"The function of SelectMany gave {i} outputs of an item of which {given} were given before; expected the same each time.");
        }

        return enumerator;
    }

    private void Close()
    {
        outputs?.Dispose();
        outputs = null;
    }
}
