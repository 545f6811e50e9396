using System.Numerics;

namespace LongContext.Data.Cleaning;

/// <summary>
/// The distinct n-grams by hash: a bitmap that turns away nearly all that are not there, and behind it open addressing over the upper half of the hash and the
/// n-gram's number. Whoever asks compares the words, so a hash that two n-grams share does no harm.
/// </summary>
/// <remarks>Memory: 2 to 4 bytes an n-gram for the bitmap, 11 to 21 for the slots.</remarks>
internal sealed class NGramTable
{
    private ulong[] slots = new ulong[16]; // upper half of the hash, number + 1; 0 is free
    private ulong[] bitmap = [];

    /// <summary>Hashes of the n-grams by number; dropped by <see cref="Complete"/>.</summary>
    private List<ulong> hashes = [];

    public int Count { get; private set; }

    /// <summary>The numbers of those that may be it.</summary>
    public Candidates WithHash(ulong hash) => new(this, hash);

    public int Add(ulong hash)
    {
        if (Count >= slots.Length / 4 * 3) Grow();
        hashes.Add(hash);
        Insert(hash, Count);
        return Count++;
    }

    /// <summary>No more are added: makes the bitmap.</summary>
    public void Complete()
    {
        bitmap = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, Count / 4))]; // 16 bits each, up to 32
        foreach (ulong hash in hashes) bitmap[Word(hash)] |= Bit(hash);
        hashes = [];
    }

    /// <summary>False where there is no n-gram of that hash.</summary>
    public bool MayHave(ulong hash) => (bitmap[Word(hash)] & Bit(hash)) != 0;

    private int First(ulong hash) => (int)(uint)hash & (slots.Length - 1);

    // Bits other than those that choose the slot in small tables: the bitmap is to say something the slot does not.
    private int Word(ulong hash) => (int)(uint)(hash >> 30) & (bitmap.Length - 1);

    private static ulong Bit(ulong hash) => 1UL << (int)(hash >> 58);

    private void Insert(ulong hash, int number)
    {
        int slot = First(hash);
        while (slots[slot] != 0) slot = (slot + 1) & (slots.Length - 1);
        slots[slot] = (hash & 0xFFFFFFFF00000000) | ((uint)number + 1);
    }

    private void Grow()
    {
        slots = new ulong[checked(2 * slots.Length)];
        for (int i = 0; i < hashes.Count; i++) Insert(hashes[i], i);
    }

    /// <summary>Walks the slots from where the hash points.</summary>
    public ref struct Candidates(NGramTable table, ulong hash)
    {
        private int slot = table.First(hash) - 1;

        public int Current { get; private set; }

        public readonly Candidates GetEnumerator() => this;

        public bool MoveNext()
        {
            while (true)
            {
                slot = (slot + 1) & (table.slots.Length - 1);
                ulong content = table.slots[slot];
                if (content == 0) return false;
                if ((content >> 32) != (hash >> 32)) continue;
                Current = (int)(uint)content - 1;
                return true;
            }
        }
    }
}
