using System.Numerics;

namespace LongContext.Generation.Scheduling;

/// <summary>A set of page numbers, of which the lowest or the highest is taken. Allocates only where a number is larger than any before.</summary>
internal sealed class PageNumbers
{
    private ulong[] words = new ulong[1];

    /// <summary>No bit is set before the first of these words, nor behind the last.</summary>
    private int first, last = -1;

    /// <summary>Puts a number in that is not there.</summary>
    public void Add(int number)
    {
        int word = number >> 6;
        if (word >= words.Length) Array.Resize(ref words, Math.Max(word + 1, words.Length * 2));
        words[word] |= 1UL << (number & 63);
        (first, last) = last < first ? (word, word) : (Math.Min(first, word), Math.Max(last, word));
    }

    /// <summary>Takes the lowest out.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryTakeFirst(out int number)
    {
        number = -1;
        while (first <= last && words[first] == 0) first++;
        if (first > last) return false;
        number = (first << 6) + BitOperations.TrailingZeroCount(words[first]);
        words[first] &= words[first] - 1;
        return true;
    }

    /// <summary>Takes the highest out.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryTakeLast(out int number)
    {
        number = -1;
        while (first <= last && words[last] == 0) last--;
        if (first > last) return false;
        int bit = 63 - BitOperations.LeadingZeroCount(words[last]);
        number = (last << 6) + bit;
        words[last] &= ~(1UL << bit);
        return true;
    }
}
