using System.Globalization;

namespace LongContext.Data.Operators;

/// <summary>
/// A place in a source from which items can be looked at before they are taken, so that an operator moves on only once it has an answer:
/// whatever throws, the place is still before the items it was working on.
/// </summary>
/// <remarks>
/// The state of a source can be taken only where it stands, which is after the items that are looked at. So the place is noted as a state
/// from a little before (the anchor) and the number of items to read over from there. Anchors are taken every so many items:
/// looking ahead costs next to nothing, and going on after a restart reads at most some tens of items again.
/// </remarks>
internal sealed class SourceCursor<T>(IDataSource<T> source)
    where T : class
{
    private const int Interval = 32;
    private const string SourceName = "source", SkipName = "skip";

    private readonly List<T> ahead = [];
    private int taken; // of the items in `ahead`, cleared away now and then
    private StreamState? anchor, nextAnchor;

    // Items since the anchor: up to the place, read from the source, and up to the next anchor.
    private long place, read, nextAnchorAt;

    /// <summary>How many items are at hand without reading.</summary>
    public int Ready => ahead.Count - taken;

    /// <summary>The item so many after the place, or null where the source ends before it. Nothing is taken.</summary>
    public T? Peek(int index = 0, CancellationToken cancellationToken = default)
    {
        anchor ??= source.Capture();
        while (read < place)
        {
            if (source.Next(cancellationToken) is null)
                throw new DataFormatException(string.Create(CultureInfo.InvariantCulture, $"The source ended {place - read} items before the place that its state names: the data has changed since."));
            read++;
        }

        while (Ready <= index)
        {
            if (nextAnchor is null && read >= Interval)
            {
                nextAnchor = source.Capture();
                nextAnchorAt = read;
                MoveAnchor();
            }

            if (source.Next(cancellationToken) is not { } item) return null;
            read++;
            ahead.Add(item);
        }

        return ahead[taken + index];
    }

    /// <summary>Moves over items that were looked at.</summary>
    public void Take(int count = 1)
    {
        for (int i = 0; i < count; i++) ahead[taken + i] = null!; // no longer held
        taken += count;
        place += count;
        if (taken == ahead.Count || taken >= Interval * 8)
        {
            ahead.RemoveRange(0, taken);
            taken = 0;
        }

        MoveAnchor();
    }

    /// <summary>Writes the place into a state.</summary>
    public StreamState Save(StreamState state)
    {
        if (anchor is null || read == place)
        {
            anchor = source.Capture();
            nextAnchor = null;
            read = place = 0;
        }

        return state.Set(SourceName, anchor).Set(SkipName, place);
    }

    /// <summary>Goes to the place that <see cref="Save"/> wrote. The items to read over are read when the next one is asked for.</summary>
    public void Load(StreamState state)
    {
        StreamState there = state.GetState(SourceName);
        long skip = state.GetNumber(SkipName, 0);
        source.Restore(there);
        (anchor, nextAnchor, place, read, taken) = (there, null, skip, 0, 0);
        ahead.Clear();
    }

    private void MoveAnchor()
    {
        if (nextAnchor is null || place < nextAnchorAt) return;
        (anchor, nextAnchor) = (nextAnchor, null);
        place -= nextAnchorAt;
        read -= nextAnchorAt;
    }
}
