namespace LongContext.Packing;

public sealed class PackingOptimalityTests
{
    [Theory]
    // Five sequences longer than half a pack: five packs, though 5 · 6 tokens would fit into 3.
    [InlineData(10, new[] { 6, 6, 6, 6, 6 }, 5, 3)]
    // Threshold 4: two packs of 7 have no room for a 4, and three 4s need ⌈12 / 10⌉ = 2 packs: 4. Tokens: 26 → 3.
    [InlineData(10, new[] { 7, 7, 4, 4, 4 }, 4, 3)]
    // Threshold 3: the 6 leaves 4, the 3s have 12 − 4 = 8 tokens for further packs: 1 + 1. Tokens: 18 → 2.
    [InlineData(10, new[] { 6, 3, 3, 3, 3 }, 2, 2)]
    [InlineData(9, new[] { 5, 4, 5, 4 }, 2, 2)]
    [InlineData(7, new int[0], 0, 0)]
    public void MartelloToth_ByHand_IsTheBound(int capacity, int[] lengths, long martelloToth, long tokens)
    {
        PackingOptimality optimality = PackingOptimality.Of(LengthHistogram.FromLengths(lengths), capacity, lengths.Length);
        Assert.Equal((martelloToth, tokens, martelloToth), (optimality.MartelloTothBound, optimality.TokenBound, optimality.LowerBound));
    }

    [Fact]
    public void Bounds_TinyInstances_NeverAboveTheOptimumAndMostlyEqual()
    {
        Random random = new(11);
        int equal = 0, rounds = 2_000;
        for (int round = 0; round < rounds; round++)
        {
            int capacity = random.Next(1, 30), most = random.Next(1, 5);
            int[] lengths = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(1, capacity + 1))];
            LengthHistogram histogram = LengthHistogram.FromLengths(lengths);
            int optimum = Optimum(lengths, capacity, int.MaxValue);
            PackingOptimality free = PackingOptimality.Of(histogram, capacity, lengths.Length);
            Assert.InRange(free.MartelloTothBound, free.TokenBound, optimum);
            if (free.LowerBound == optimum) equal++;
            Assert.InRange(PackingOptimality.Of(histogram, capacity, lengths.Length, most).LowerBound, free.LowerBound, Optimum(lengths, capacity, most));
            foreach (int? limit in new int?[] { null, most })
            {
                HistogramPacking packing = new HistogramPacker(new HistogramPackerOptions { ContextLength = capacity, MaximumDocuments = limit }).Pack(histogram);
                Assert.InRange(packing.PackCount, packing.Optimality.LowerBound, lengths.Length);
                Assert.InRange(packing.PackCount, Optimum(lengths, capacity, limit ?? int.MaxValue), lengths.Length);
            }
        }

        // The bound is not always reached (Martello and Toth: worst case 2/3), on such instances nearly always.
        Assert.InRange(equal, rounds * 95 / 100, rounds);
    }

    [Fact]
    public void MartelloToth_AllThresholds_IsTheLargest()
    {
        // The definition: every threshold from 0 to half the capacity, each sum over all sequences.
        Random random = new(12);
        for (int round = 0; round < 500; round++)
        {
            int capacity = random.Next(2, 200);
            int[] lengths = [.. Enumerable.Range(0, random.Next(1, 100)).Select(_ => random.Next(1, capacity + 1))];
            long expected = 0;
            for (int a = 0; a <= capacity / 2; a++)
            {
                int[] alone = [.. lengths.Where(w => w > capacity - a)], large = [.. lengths.Where(w => w <= capacity - a && 2 * w > capacity)];
                int rest = lengths.Where(w => 2 * w <= capacity && w >= a).Sum() - ((large.Length * capacity) - large.Sum());
                expected = Math.Max(expected, alone.Length + large.Length + Math.Max(0, (rest + capacity - 1) / capacity));
            }

            Assert.Equal(expected, PackingOptimality.Of(LengthHistogram.FromLengths(lengths), capacity, lengths.Length).MartelloTothBound);
        }
    }

    [Fact]
    public void Of_LimitOfDocuments_CountsInTheBound()
    {
        // 7 sequences of 1 token: one pack of 10, but 3 packs of at most 3 documents.
        LengthHistogram histogram = LengthHistogram.FromLengths([1, 1, 1, 1, 1, 1, 1]);
        PackingOptimality optimality = PackingOptimality.Of(histogram, 10, packs: 4, maximumDocuments: 3);
        Assert.Equal((3L, 1L, 1.0 / 3), (optimality.LowerBound, optimality.ExcessPacks, optimality.Gap));
        Assert.Equal(1, PackingOptimality.Of(histogram, 10, packs: 4).LowerBound);
        // Two of 10 share a pack with nobody: 2 + ⌈7 / 3⌉.
        Assert.Equal(5, PackingOptimality.Of(LengthHistogram.FromLengths([1, 1, 1, 1, 1, 1, 1, 10, 10]), 10, packs: 5, maximumDocuments: 3).LowerBound);
    }

    [Fact]
    public void Of_FewerPacksThanCanBe_Throws()
    {
        LengthHistogram histogram = LengthHistogram.FromLengths([6, 6]);
        Assert.Contains("need at least 2", Assert.Throws<ArgumentException>(() => PackingOptimality.Of(histogram, 10, 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PackingOptimality.Of(histogram, 5, 2));
    }

    /// <summary>Tries every way: each sequence into each open pack or a new one.</summary>
    private static int Optimum(int[] lengths, int capacity, int most)
    {
        int best = lengths.Length;
        List<(int Room, int Documents)> packs = [];
        void Try(int at)
        {
            if (packs.Count >= best) return;
            if (at == lengths.Length)
            {
                best = packs.Count;
                return;
            }

            for (int p = 0; p < packs.Count; p++)
            {
                (int room, int documents) = packs[p];
                if (room < lengths[at] || documents == most) continue;
                packs[p] = (room - lengths[at], documents + 1);
                Try(at + 1);
                packs[p] = (room, documents);
            }

            packs.Add((capacity - lengths[at], 1));
            Try(at + 1);
            packs.RemoveAt(packs.Count - 1);
        }

        Try(0);
        return best;
    }
}
