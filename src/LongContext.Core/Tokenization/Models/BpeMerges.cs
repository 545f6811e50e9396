using System.Numerics;
using System.Runtime.CompilerServices;

namespace LongContext.Tokenization.Models;

/// <summary>The merge table: (left id, right id) → rank and merged id, in one open-addressed table.</summary>
internal sealed class BpeMerges
{
    private readonly Entry[] _entries;
    private readonly int _shift;

    public BpeMerges(int count)
    {
        int size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, count * 2L));
        _shift = 64 - BitOperations.Log2((uint)size);
        _entries = new Entry[size];
    }

    /// <summary>Sets a pair's merge; a pair that comes again takes the later rank.</summary>
    public void Set(int left, int right, int rank, int merged) =>
        _entries[Slot(Key(left, right))] = new Entry(Key(left, right), rank, merged);

    public bool TryGet(int left, int right, out int rank, out int merged)
    {
        ref Entry entry = ref _entries[Slot(Key(left, right))];
        rank = entry.Rank;
        merged = entry.Merged;
        return entry.Key != 0;
    }

    /// <summary>All merges by rank.</summary>
    public IEnumerable<BpeMerge> InOrder() =>
        from entry in _entries
        where entry.Key != 0
        let key = entry.Key - 1
        orderby entry.Rank
        select new BpeMerge((int)(key >> 32), (int)(uint)key, entry.Rank, entry.Merged);

    // One is added so that no pair has the key of an empty slot; ids are below 2³¹.
    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(ulong key)
    {
        // Fibonacci hashing; the table is at most half full, so the walk is short.
        int slot = (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);
        while (_entries[slot].Key != 0 && _entries[slot].Key != key) slot = (slot + 1) & (_entries.Length - 1);
        return slot;
    }

    private readonly record struct Entry(ulong Key, int Rank, int Merged);
}
