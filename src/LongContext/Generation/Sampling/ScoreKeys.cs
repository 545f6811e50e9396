using System.Diagnostics;

namespace LongContext.Generation.Sampling;

/// <summary>
/// Tokens as numbers whose rising order is falling score and, among equal scores, rising id: so a selection by number has no ties, and the
/// first of the likeliest comes first, as torch.argmax has it.
/// </summary>
internal static class ScoreKeys
{
    /// <summary>The number of a token. The score is not NaN.</summary>
    public static ulong Of(float score, int token)
    {
        // + 0 makes one zero of the two. Floats order as their bits do, negative ones the other way round.
        int bits = BitConverter.SingleToInt32Bits(score + 0f);
        uint rising = (uint)(bits ^ ((bits >> 31) & int.MaxValue)) ^ 0x8000_0000u;
        return ((ulong)~rising << 32) | (uint)token;
    }

    /// <summary>The token of a number.</summary>
    public static int Token(ulong key) => (int)(uint)key;

    /// <summary>The score of a number.</summary>
    public static float Score(ulong key)
    {
        int bits = (int)(~(uint)(key >> 32) ^ 0x8000_0000u);
        return BitConverter.Int32BitsToSingle(bits ^ ((bits >> 31) & int.MaxValue));
    }

    /// <summary>Moves the smallest to the front, in no order.</summary>
    public static void Select(Span<ulong> keys, int count)
    {
        int from = 0, to = keys.Length;
        while (count > from && count < to && to - from > 1)
        {
            int middle = Partition(keys, from, to);
            if (middle >= count) to = middle;
            else from = middle;
        }
    }

    /// <summary>Moves the shortest beginning of the sorted keys whose weights reach a sum to the front, in no order.</summary>
    /// <param name="keys">All different.</param>
    /// <param name="weights">By token.</param>
    /// <param name="target">The sum; if all together fall short of it, all are kept.</param>
    /// <returns>How many those are, at least one.</returns>
    public static int SelectMass(Span<ulong> keys, ReadOnlySpan<double> weights, double target)
    {
        const int small = 32;
        int from = 0, to = keys.Length;
        while (to - from > small)
        {
            int middle = Partition(keys, from, to);
            double mass = 0;
            for (int i = from; i < middle; i++) mass += weights[Token(keys[i])];
            if (mass >= target)
            {
                to = middle;
            }
            else
            {
                target -= mass;
                from = middle;
            }
        }

        keys[from..to].Sort();
        double sum = 0;
        int kept = from;
        while (kept < to && (kept == 0 || sum < target)) sum += weights[Token(keys[kept++])];
        return kept;
    }

    /// <summary>Hoare's partition about the median of three: keys before the returned place are smaller than those from there on; both parts have at least one.</summary>
    private static int Partition(Span<ulong> keys, int from, int to)
    {
        Debug.Assert(to - from > 1, "two at least");
        ulong a = keys[from], b = keys[(from + to) >>> 1], c = keys[to - 1];
        ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        int low = from, high = to - 1;
        while (true)
        {
            while (keys[low] < pivot) low++;
            while (keys[high] > pivot) high--;
            // All keys differ: the pivot is met by both only when they meet.
            if (low >= high) return low == from ? from + 1 : low;
            (keys[low], keys[high]) = (keys[high], keys[low]);
            low++;
            high--;
            if (low > high) return low;
        }
    }
}
