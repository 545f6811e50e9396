using System.Numerics;

namespace LongContext.Data.Caching;

/// <summary>
/// A random order of the numbers below a count, without a list of them: a Feistel network over the next power of four, walked on until the
/// number is below the count (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002), at most four steps on average.
/// </summary>
internal readonly struct IndexPermutation
{
    private const int Rounds = 4;
    private readonly long count;
    private readonly int halfBits;
    private readonly ulong key;

    public IndexPermutation(long count, long seed, long pass)
    {
        this.count = count;
        halfBits = Math.Max(1, (BitOperations.Log2((ulong)Math.Max(1, count - 1)) / 2) + 1);
        key = new SplitMix64(seed, pass).Next();
    }

    /// <summary>The number at a place; both from 0 and below the count.</summary>
    public long this[long place]
    {
        get
        {
            ulong mask = (1UL << halfBits) - 1, at = (ulong)place;
            do
            {
                ulong left = at >> halfBits, right = at & mask;
                for (int round = 0; round < Rounds; round++)
                {
                    ulong mixed = new SplitMix64(unchecked((long)(key + (ulong)round)), (long)right).Next() & mask;
                    (left, right) = (right, left ^ mixed);
                }

                at = (left << halfBits) | right;
            }
            while (at >= (ulong)count);
            return (long)at;
        }
    }
}
