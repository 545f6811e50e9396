using System.Buffers;
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
        int count = hashes.Length - n + 1;
        if (count < 1) return 0;
        GramTable table = GramTable.Rent(count);
        (int Count, int End, long Covered)[] seen = ArrayPool<(int, int, long)>.Shared.Rent(table.Slots);
        try
        {
            int most = 1;
            long covered = 0;
            RollingHash hash = new(n);
            for (int i = 0; i < count; i++)
            {
                ref (int Count, int End, long Covered) gram = ref seen[table.Add(Next(ref hash, n, i), out bool isNew)];
                if (isNew) gram = default;
                gram = (gram.Count + 1, i + n, gram.Covered + before[i + n] - before[Math.Max(i, gram.End)]);
                // A gram's last occurrence has its whole cover, and no other count is compared with it before.
                if (gram.Count > most) (most, covered) = (gram.Count, gram.Covered);
                else if (gram.Count == most) covered = Math.Max(covered, gram.Covered);
            }

            return most == 1 ? 0 : FilterRules.Share(covered, Total);
        }
        finally
        {
            ArrayPool<(int, int, long)>.Shared.Return(seen);
        }
    }

    /// <summary>Share of the characters in n-grams that stood before, each counted once.</summary>
    public double Duplicate(int n)
    {
        int count = hashes.Length - n + 1;
        if (count < 1) return 0;
        GramTable table = GramTable.Rent(count);
        long covered = 0;
        int end = 0;
        RollingHash hash = new(n);
        for (int i = 0; i < count; i++)
        {
            table.Add(Next(ref hash, n, i), out bool isNew);
            if (isNew) continue;
            covered += before[i + n] - before[Math.Max(i, end)];
            end = i + n;
        }

        return FilterRules.Share(covered, Total);
    }

    /// <summary>The hash of the n words from word <paramref name="i"/> on; asked for one after the other from 0.</summary>
    private ulong Next(ref RollingHash hash, int n, int i)
    {
        if (i > 0) hash.Roll(hashes[i + n - 1], hashes[i - 1]);
        else for (int k = 0; k < n; k++) hash.Add(hashes[k]);
        return hash.Mixed;
    }
}
