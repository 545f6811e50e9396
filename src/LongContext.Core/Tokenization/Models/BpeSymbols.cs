namespace LongContext.Tokenization.Models;

/// <summary>A word while it is merged: a linked list of symbols and a queue of the merges that are possible.</summary>
internal sealed class BpeSymbols
{
    private const int Swallowed = -1;
    private const int None = -1;

    private readonly PriorityQueue<int, ulong> _queue = new();
    private Symbol[] _symbols = new Symbol[64];
    private int _count;

    /// <summary>So large that it should not stay in memory.</summary>
    public bool IsLarge => _symbols.Length > 1 << 16;

    public void Clear()
    {
        _count = 0;
        _queue.Clear();
    }

    /// <summary>Makes room for so many symbols; to be called before the first. A word of a million letters would else be copied from array to array, each of twice the size.</summary>
    public void Reserve(int count)
    {
        if (_symbols.Length < count) _symbols = new Symbol[count];
    }

    public void Add(int id, int start, int end)
    {
        if (_count == _symbols.Length) Array.Resize(ref _symbols, _count * 2);
        _symbols[_count] = new Symbol { Id = id, Start = start, End = end, Previous = _count - 1, Next = _count + 1 };
        _count++;
    }

    public void Merge(BpeMerges merges)
    {
        if (_count == 0) return;
        _symbols[_count - 1].Next = None;
        _queue.EnsureCapacity(_count); // for most words more than it will hold, for one that joins throughout about what it holds at once
        for (int i = 1; i < _count; i++) Offer(i - 1, i, merges);

        while (_queue.TryDequeue(out int merged, out ulong priority))
        {
            int at = (int)(uint)priority;
            ref Symbol left = ref _symbols[at];
            if (left.Id == Swallowed || left.Next == None) continue;

            // The queue may hold what is no longer so. As in Hugging Face's tokenizers an entry still counts when the pair
            // at its place has changed but gives the same piece.
            ref Symbol right = ref _symbols[left.Next];
            if (!merges.TryGet(left.Id, right.Id, out _, out int now) || now != merged) continue;

            left.Id = merged;
            left.End = right.End;
            left.Next = right.Next;
            right.Id = Swallowed;
            if (left.Next != None)
            {
                _symbols[left.Next].Previous = at;
                Offer(at, left.Next, merges);
            }

            if (left.Previous != None) Offer(left.Previous, at, merges);
        }
    }

    public void AppendTo(TokenBuffer output, int origin)
    {
        if (_count == 0) return;
        for (int at = 0; at != None; at = _symbols[at].Next)
        {
            ref readonly Symbol symbol = ref _symbols[at];
            output.Add(symbol.Id, origin + symbol.Start, origin + symbol.End);
        }
    }

    /// <summary>The ids, then as many spans as start · 256 + end, of a word of fewer than 256 characters.</summary>
    public int[] Pack()
    {
        int count = 0;
        for (int at = _count == 0 ? None : 0; at != None; at = _symbols[at].Next) count++;
        var packed = new int[count * 2];
        for (int at = 0, i = 0; i < count; at = _symbols[at].Next, i++)
        {
            packed[i] = _symbols[at].Id;
            packed[count + i] = (_symbols[at].Start << 8) | _symbols[at].End;
        }

        return packed;
    }

    /// <summary>Lowest rank first, then leftmost.</summary>
    private void Offer(int left, int right, BpeMerges merges)
    {
        if (merges.TryGet(_symbols[left].Id, _symbols[right].Id, out int rank, out int merged))
            _queue.Enqueue(merged, ((ulong)(uint)rank << 32) | (uint)left);
    }

    private struct Symbol
    {
        public int Id;
        public int Start;
        public int End;
        public int Previous;
        public int Next;
    }
}
