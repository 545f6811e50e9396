namespace LongContext.Tokenization;

/// <summary>Collects tokens; where each lies in the text is kept only when it was asked for.</summary>
internal sealed class TokenBuffer(bool keepSpans)
{
    private int[] _ids = new int[64];
    private (int Start, int End)[] _spans = keepSpans ? new (int, int)[64] : [];

    public int Count { get; private set; }

    public bool KeepsSpans => keepSpans;

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>First character and the one after the last, per token. Bytes of one character all have its span.</summary>
    public Span<(int Start, int End)> Spans => _spans.AsSpan(0, keepSpans ? Count : 0);

    /// <summary>So large that it should not stay in memory.</summary>
    public bool IsLarge => _ids.Length > 1 << 20;

    public void Clear() => Count = 0;

    public void Add(int id, int start, int end)
    {
        if (Count == _ids.Length) Grow(Count + 1);
        _ids[Count] = id;
        if (keepSpans) _spans[Count] = (start, end);
        Count++;
    }

    /// <summary>Adds ids that have no place in the text. Not for a buffer that keeps spans.</summary>
    public void AddRange(ReadOnlySpan<int> ids)
    {
        if (Count + ids.Length > _ids.Length) Grow(Count + ids.Length);
        ids.CopyTo(_ids.AsSpan(Count));
        Count += ids.Length;
    }

    /// <inheritdoc cref="AddRange(ReadOnlySpan{int})"/>
    public void AddRange(IReadOnlyList<int> ids)
    {
        foreach (int id in ids) Add(id, 0, 0);
    }

    /// <summary>The most tokens, at most <paramref name="limit"/>, from the front that do not end inside a character.</summary>
    public int WholeFromStart(int limit)
    {
        if (limit >= Count) return Count;
        int count = limit;
        while (count > 0 && Overlap(count - 1, count)) count--;
        return count;
    }

    /// <summary>The same from the back.</summary>
    public int WholeFromEnd(int limit)
    {
        if (limit >= Count) return Count;
        int first = Count - limit;
        while (first < Count && Overlap(first - 1, first)) first++;
        return Count - first;
    }

    private bool Overlap(int left, int right) => Spans[right].Start < Spans[left].End;

    private void Grow(int count)
    {
        int size = Math.Max(count, _ids.Length * 2);
        Array.Resize(ref _ids, size);
        if (keepSpans) Array.Resize(ref _spans, size);
    }
}
