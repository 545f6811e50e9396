namespace LongContext.Tokenization;

/// <summary>Collects tokens; where each lies in the normalized text is kept only when it was asked for.</summary>
internal sealed class TokenBuffer(bool keepSpans)
{
    public List<int> Ids { get; } = [];

    /// <summary>First character and the one after the last, per token. Bytes of one character all have its span.</summary>
    public List<(int Start, int End)> Spans { get; } = [];

    public bool KeepsSpans => keepSpans;

    public void Add(int id, int start, int end)
    {
        Ids.Add(id);
        if (keepSpans) Spans.Add((start, end));
    }

    /// <summary>The most tokens, at most <paramref name="limit"/>, from the front that do not end inside a character.</summary>
    public int WholeFromStart(int limit)
    {
        if (limit >= Ids.Count) return Ids.Count;
        int count = limit;
        while (count > 0 && Overlap(count - 1, count)) count--;
        return count;
    }

    /// <summary>The same from the back.</summary>
    public int WholeFromEnd(int limit)
    {
        if (limit >= Ids.Count) return Ids.Count;
        int first = Ids.Count - limit;
        while (first < Ids.Count && Overlap(first - 1, first)) first++;
        return Ids.Count - first;
    }

    private bool Overlap(int left, int right) => Spans[right].Start < Spans[left].End;
}
