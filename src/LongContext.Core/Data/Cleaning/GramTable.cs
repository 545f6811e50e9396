using System.Numerics;

namespace LongContext.Data.Cleaning;

/// <summary>
/// A set of 64-bit hashes with open addressing, emptied by counting up a generation: a document's nine passes over its n-grams share it, and so do
/// the documents of a thread, so that nothing is allocated for most of them.
/// </summary>
internal sealed class GramTable
{
    /// <summary>Slots that a thread keeps between documents; what a longer one needs is given back.</summary>
    private const int KeptSlots = 1 << 16;

    [ThreadStatic]
    private static GramTable? ofThread;

    private ulong[] keys = [];
    private int[] generations = [];
    private int generation, mask;

    /// <summary>This thread's table, empty, with room for so many hashes.</summary>
    public static GramTable Rent(int hashes)
    {
        int slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(2L * hashes, 64, 1 << 30));
        GramTable table = slots > KeptSlots ? new GramTable() : ofThread ??= new GramTable();
        table.Clear(slots);
        return table;
    }

    /// <summary>The slots there are: numbers below it are given.</summary>
    public int Slots => mask + 1;

    /// <summary>The hash's slot, and whether it was not there before.</summary>
    public int Add(ulong hash, out bool isNew)
    {
        for (int slot = (int)(uint)hash & mask; ; slot = (slot + 1) & mask)
        {
            if (generations[slot] != generation)
            {
                generations[slot] = generation;
                keys[slot] = hash;
                isNew = true;
                return slot;
            }

            if (keys[slot] == hash)
            {
                isNew = false;
                return slot;
            }
        }
    }

    /// <summary>Forgets all hashes.</summary>
    public void Clear() => Clear(Slots);

    private void Clear(int slots)
    {
        if (keys.Length < slots)
        {
            (keys, generations, generation) = (new ulong[slots], new int[slots], 0);
        }
        else if (generation == int.MaxValue)
        {
            Array.Clear(generations);
            generation = 0;
        }

        generation++;
        mask = slots - 1;
    }
}
