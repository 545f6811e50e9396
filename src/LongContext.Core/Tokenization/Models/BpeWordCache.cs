using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LongContext.Tokenization.Models;

/// <summary>
/// Tokens of the short words seen last, for any number of threads without a lock: each word has one slot by its hash, which
/// holds an entry that never changes; a newer word replaces it. A look-up allocates nothing.
/// </summary>
internal sealed class BpeWordCache
{
    public const int LongestWord = 32;
    private const int SlotBits = 16;

    private readonly Entry?[] _slots = new Entry?[1 << SlotBits];

    public bool TryAppend(ReadOnlySpan<char> word, int origin, TokenBuffer output)
    {
        Entry? entry = Volatile.Read(ref _slots[Slot(word)]);
        if (entry is null || !word.SequenceEqual(entry.Word)) return false;
        int[] tokens = entry.Tokens;
        int count = tokens.Length / 2;
        if (!output.KeepsSpans)
        {
            output.AddRange(tokens.AsSpan(0, count));
            return true;
        }

        for (int i = 0; i < count; i++) output.Add(tokens[i], origin + (tokens[count + i] >> 8), origin + (tokens[count + i] & 0xFF));
        return true;
    }

    public void Remember(ReadOnlySpan<char> word, BpeSymbols symbols) =>
        Volatile.Write(ref _slots[Slot(word)], new Entry(word.ToString(), symbols.Pack()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slot(ReadOnlySpan<char> word)
    {
        const ulong Factor = 0x9E3779B97F4A7C15UL;
        ulong hash = (ulong)word.Length * Factor;
        ref char at = ref MemoryMarshal.GetReference(word);
        int left = word.Length;
        for (; left >= 4; left -= 4, at = ref Unsafe.Add(ref at, 4))
        {
            hash = (hash ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref at))) * Factor;
            hash ^= hash >> 29;
        }

        ulong tail = 0;
        for (; left > 0; left--, at = ref Unsafe.Add(ref at, 1)) tail = (tail << 16) | at;
        hash = (hash ^ tail) * Factor;
        return (int)((hash ^ (hash >> 32)) * Factor >> (64 - SlotBits));
    }

    /// <summary>The ids, then as many spans as start · 256 + end.</summary>
    private sealed record Entry(string Word, int[] Tokens);
}
