namespace LongContext.Positions;

/// <summary>
/// A training-free way to a longer window: distances that the model never saw are mapped onto ones that it did, while near tokens keep
/// theirs. A closed set of immutable records: <see cref="SelfExtend"/>, <see cref="DualChunkAttention"/>. The frequencies stay as they
/// are; combine it with <see cref="RopeScaling"/> only on purpose.
/// </summary>
/// <remarks>
/// A remapping splits the keys that a query sees into a few <em>views</em>, contiguous ranges that together hold each key once. In each
/// view the query and the keys are rotated to positions of the view's own, whose difference is <see cref="RelativePosition"/>.
/// </remarks>
public abstract record PositionRemapping
{
    private protected PositionRemapping()
    {
    }

    /// <summary>The shortest trained window, in tokens, with which the settings make sense.</summary>
    internal abstract int RequiredWindow { get; }

    /// <summary>Number of views.</summary>
    internal abstract int ViewCount { get; }

    /// <summary>Number of different positions that a key has in the views.</summary>
    internal abstract int KeyMapCount { get; }

    /// <summary>The distance, in tokens, that the model is shown.</summary>
    /// <param name="query">Index of the query in its document; not negative.</param>
    /// <param name="key">Index of the key, at most <paramref name="query"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is negative, or the key lies after the query.</exception>
    public int RelativePosition(int query, int key)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(key);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key, query);
        for (int view = 0; view < ViewCount; view++)
        {
            (int start, int end) = VisibleKeys(view, query);
            if (key >= start && key < end) return QueryPosition(view, query) - KeyPosition(KeyMapOf(view), key);
        }

        throw new InvalidOperationException($"{this} has no view of key {key} for query {query}.");
    }

    /// <summary>The longest document, in tokens, in which no distance reaches a model's trained window; <see cref="int.MaxValue"/> for no limit.</summary>
    /// <param name="trainedWindow">The window, in tokens, that the model was trained for.</param>
    /// <exception cref="ArgumentOutOfRangeException">The window is shorter than these settings need.</exception>
    public int MaximumLength(int trainedWindow)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trainedWindow, RequiredWindow);
        return LongestWithin(trainedWindow);
    }

    /// <summary>Which of the key maps a view uses.</summary>
    internal abstract int KeyMapOf(int view);

    /// <summary><see cref="MaximumLength"/> for a window that is long enough.</summary>
    private protected abstract int LongestWithin(int trainedWindow);

    /// <summary>A query's position in a view.</summary>
    internal abstract int QueryPosition(int view, int query);

    /// <summary>A key's position by a map; depends on the key alone, so that cached keys are rotated once.</summary>
    internal abstract int KeyPosition(int keyMap, int key);

    /// <summary>The keys that a query sees in a view, from Start up to before End; neither decreases as the query grows.</summary>
    internal abstract (int Start, int End) VisibleKeys(int view, int query);
}
