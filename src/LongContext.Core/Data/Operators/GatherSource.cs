namespace LongContext.Data.Operators;

/// <summary>Many items into one. The state is the place before the first item of the next group.</summary>
internal sealed class GatherSource<TIn, TOut>(IDataSource<TIn> source, Func<long, IGroup<TIn, TOut>> newGroup, string identity)
    : OperatorSource<TIn, TOut>(source, "gather", identity)
    where TIn : class
    where TOut : class
{
    private const string NumberName = "number";

    private long number;

    public override TOut? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // Items are only looked at until the group has become one: whatever throws, the next call makes the same group anew.
            IGroup<TIn, TOut> group = newGroup(number) ?? throw new InvalidOperationException("The function of Gather gave null; expected a group.");
            int offered = 0, added = 0;
            bool complete = false;
            while (!complete && Cursor.Peek(offered, cancellationToken) is { } item)
            {
                switch (group.Add(item))
                {
                    case GatherResult.Added:
                        added++;
                        break;
                    case GatherResult.AddedLast:
                        added++;
                        complete = true;
                        break;
                    case GatherResult.LeftOut when added == 0:
                        Cursor.Take(); // held no longer: there may be very many before the first that is taken
                        continue;
                    case GatherResult.LeftOut:
                        break;
                    case GatherResult.Full when added > 0:
                        complete = true;
                        continue;
                    case GatherResult.Full:
                        throw new InvalidOperationException($"Group {number} of Gather is full without an item; expected it to take one or to leave it out.");
                    case var other:
                        throw new InvalidOperationException($"Group {number} of Gather answered {other}, expected one of {string.Join(", ", Enum.GetNames<GatherResult>())}.");
                }

                offered++;
            }

            TOut? made = added > 0 ? group.Complete() : null;
            Cursor.Take(offered);
            if (added > 0) number++;
            if (made is not null) return made;
            if (!complete) return null;
        }
    }

    protected override void Save(StreamState state) => state.Set(NumberName, number);

    protected override Action Load(StreamState state)
    {
        long then = state.GetNumber(NumberName, 0);
        return () => number = then;
    }
}
