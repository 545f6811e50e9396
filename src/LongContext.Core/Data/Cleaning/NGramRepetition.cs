using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Data.Cleaning;

/// <summary>How much of a text's words stands in n-grams that occur more than once. N-grams are compared by 64-bit hashes.</summary>
internal sealed class NGramRepetition
{
    private readonly ulong[] hashes;
    private readonly long[] before; // characters of the words before word i

    public NGramRepetition(RawWords words)
    {
        hashes = new ulong[words.Count];
        before = new long[words.Count + 1];
        for (int i = 0; i < words.Count; i++)
        {
            hashes[i] = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(words[i]));
            before[i + 1] = before[i] + words[i].Length;
        }
    }

    private long Total => before[^1];

    /// <summary>Share of the characters that the most frequent n-gram covers, each counted once where it overlaps itself; 0 where none occurs twice. Of equally
    /// frequent ones the one that covers most.</summary>
    public double Top(int n)
    {
        if (hashes.Length < n) return 0;
        Dictionary<ulong, (int Count, int End, long Covered)> seen = [];
        ulong[] grams = RollingHash.All(hashes, n);
        int most = 1;
        long covered = 0;
        for (int i = 0; i < grams.Length; i++)
        {
            ref (int Count, int End, long Covered) gram = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, grams[i], out _);
            gram = (gram.Count + 1, i + n, gram.Covered + before[i + n] - before[Math.Max(i, gram.End)]);
            most = Math.Max(most, gram.Count);
        }

        if (most == 1) return 0;
        foreach ((int count, _, long of) in seen.Values)
        {
            if (count == most) covered = Math.Max(covered, of);
        }

        return FilterRules.Share(covered, Total);
    }

    /// <summary>Share of the characters in n-grams that stood before, each counted once.</summary>
    public double Duplicate(int n)
    {
        if (hashes.Length < n) return 0;
        HashSet<ulong> seen = [];
        ulong[] grams = RollingHash.All(hashes, n);
        long covered = 0;
        int end = 0;
        for (int i = 0; i < grams.Length; i++)
        {
            if (seen.Add(grams[i])) continue;
            covered += before[i + n] - before[Math.Max(i, end)];
            end = i + n;
        }

        return FilterRules.Share(covered, Total);
    }
}
