using FsCheck;
using FsCheck.Fluent;

namespace LongContext.Packing;

public sealed class BinPackerTests
{
    private static readonly PackingAlgorithm[] Algorithms = Enum.GetValues<PackingAlgorithm>();

    [Fact]
    public void Pack_AnyLengths_LosesNothingDoublesNothingAndKeepsTheCapacity() => ForAll((algorithm, lengths, capacity) =>
    {
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, capacity, algorithm);
        Assert.Equal(Enumerable.Range(0, lengths.Length), bins.SelectMany(bin => bin).Order());
        Assert.All(bins, bin => Assert.InRange(bin.Sum(item => lengths[item]), 1, capacity));
    });

    [Fact]
    public void Pack_AnyLengths_KeepsTheOrderItPromises() => ForAll((algorithm, lengths, capacity) =>
    {
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, capacity, algorithm);
        if (algorithm == PackingAlgorithm.NextFit)
        {
            Assert.Equal(Enumerable.Range(0, lengths.Length), bins.SelectMany(bin => bin));
            return;
        }

        Assert.All(bins, bin => Assert.Equal(bin.OrderByDescending(item => lengths[item]).ThenBy(item => item), bin));
        Assert.Equal(bins.Select(bin => lengths[bin[0]]).OrderDescending(), bins.Select(bin => lengths[bin[0]]));
    });

    [Fact]
    public void Pack_NextFit_OpensABinOnlyWhenTheItemDoesNotFit() => ForAll((_, lengths, capacity) =>
    {
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, capacity, PackingAlgorithm.NextFit);
        for (int b = 1; b < bins.Count; b++)
        {
            Assert.True(bins[b - 1].Sum(item => lengths[item]) + lengths[bins[b][0]] > capacity);
        }
    });

    [Fact]
    public void Pack_Decreasing_AgreesWithTheDefinition() => ForAll((algorithm, lengths, capacity) =>
    {
        if (algorithm == PackingAlgorithm.NextFit) return;
        int[] expected = FillsByDefinition(lengths, capacity, best: algorithm == PackingAlgorithm.BestFitDecreasing);
        IEnumerable<int> fills = BinPacker.Pack(lengths, capacity, algorithm).Select(bin => bin.Sum(item => lengths[item]));
        // Bins with equal room are interchangeable for best fit, so the multiset of fills is what the definition fixes.
        Assert.Equal(expected.Order(), fills.Order());
    });

    [Fact]
    public void Pack_FirstFitDecreasing_GivesEachItemTheFirstBinThatFits() => ForAll((_, lengths, capacity) =>
    {
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, capacity, PackingAlgorithm.FirstFitDecreasing);
        List<List<int>> expected = [];
        foreach (int item in Enumerable.Range(0, lengths.Length).OrderByDescending(i => lengths[i]).ThenBy(i => i))
        {
            List<int>? bin = expected.Find(bin => bin.Sum(i => lengths[i]) + lengths[item] <= capacity);
            if (bin is null) expected.Add(bin = []);
            bin.Add(item);
        }

        Assert.Equal(expected.Select(bin => bin.ToArray()), bins);
    });

    [Fact]
    public void Pack_Decreasing_StaysWithinElevenNinthsOfTheOptimum()
    {
        // Instances whose optimum is known: full bins cut at random, the parts shuffled.
        Random random = new(7);
        for (int round = 0; round < 300; round++)
        {
            int capacity = random.Next(10, 2_000);
            int optimum = random.Next(1, 60);
            List<int> parts = [];
            for (int b = 0; b < optimum; b++)
            {
                for (int rest = capacity; rest > 0;)
                {
                    int part = random.Next(1, Math.Min(rest, (capacity / 2) + 1) + 1);
                    parts.Add(part);
                    rest -= part;
                }
            }

            int[] lengths = [.. parts];
            random.Shuffle(lengths);
            foreach (PackingAlgorithm algorithm in (PackingAlgorithm[])[PackingAlgorithm.FirstFitDecreasing, PackingAlgorithm.BestFitDecreasing])
            {
                int bins = BinPacker.Pack(lengths, capacity, algorithm).Count;
                Assert.InRange(bins, optimum, ((11 * optimum) + 6) / 9);
            }

            Assert.InRange(BinPacker.Pack(lengths, capacity, PackingAlgorithm.NextFit).Count, optimum, (2 * optimum) - 1);
        }
    }

    [Fact]
    public void Pack_SameInput_GivesTheSameBins() => ForAll((algorithm, lengths, capacity) =>
        Assert.Equal(BinPacker.Pack(lengths, capacity, algorithm), BinPacker.Pack(lengths, capacity, algorithm)));

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void Pack_MillionLongTailedLengths_FillsPacksOf32K(PackingAlgorithm algorithm)
    {
        Random random = new(3);
        int[] lengths = new int[1_000_000];
        // A Pareto tail: most documents of a few hundred tokens, some as long as the context.
        for (int i = 0; i < lengths.Length; i++) lengths[i] = (int)Math.Min(32_768, 150 / Math.Pow(1 - random.NextDouble(), 1 / 1.2));
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, 32_768, algorithm);
        long total = lengths.Sum(length => (long)length);
        int bound = (int)((total + 32_767) / 32_768);
        double fill = (double)total / ((long)bins.Count * 32_768);
        Assert.Equal(lengths.Length, bins.Sum(bin => bin.Length));
        if (algorithm == PackingAlgorithm.NextFit)
        {
            Assert.InRange(bins.Count, bound, 2 * bound);
        }
        else
        {
            Assert.InRange(fill, 0.995, 1.0);
            Assert.InRange(bins.Count, bound, ((11 * bound) + 6) / 9);
        }
    }

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void Pack_ItemsAsLongAsTheBin_OneEach(PackingAlgorithm algorithm) =>
        Assert.Equal([[0], [1], [2]], BinPacker.Pack([5, 5, 5], 5, algorithm));

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void Pack_HugeCapacity_NeedsNoMemoryForIt(PackingAlgorithm algorithm) =>
        Assert.Equal([[0, 1]], BinPacker.Pack([int.MaxValue / 2, int.MaxValue / 2], int.MaxValue, algorithm));

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void Pack_HugeCapacityAndShortItems_NeedsNoMemoryForItEither(PackingAlgorithm algorithm)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal([[0, 1, 2]], BinPacker.Pack([3, 2, 1], int.MaxValue, algorithm));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void RemainingCapacityIndex_SortedOrStacks_TakesTheSameBins()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            int capacity = random.Next(1, 300), shortest = random.Next(1, capacity + 1), bins = 0;
            RemainingCapacityIndex stacks = new(1, capacity, shortest), sorted = new(1, capacity, shortest, mostStacks: 0);
            for (int step = 0; step < 300; step++)
            {
                int length = random.Next(shortest, capacity + 1);
                bool found = stacks.TryTakeTightest(length, out int bin, out int remaining);
                Assert.Equal(found, sorted.TryTakeTightest(length, out int otherBin, out int otherRemaining));
                Assert.Equal((bin, remaining), (otherBin, otherRemaining));
                if (!found) (bin, remaining) = (bins++, capacity);
                stacks.Add(bin, remaining - length);
                sorted.Add(bin, remaining - length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllAlgorithms))]
    public void Pack_Nothing_GivesNoBin(PackingAlgorithm algorithm) => Assert.Empty(BinPacker.Pack([], 8, algorithm));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(9)]
    public void Pack_LengthOutOfRange_NamesTheItem(int length)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => BinPacker.Pack([3, length], 8, PackingAlgorithm.NextFit));
        Assert.Contains($"Item 1 has length {length}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pack_CapacityOrAlgorithmOutOfRange_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BinPacker.Pack([1], 0, PackingAlgorithm.NextFit));
        Assert.Throws<ArgumentOutOfRangeException>(() => BinPacker.Pack([1], 1, (PackingAlgorithm)9));
    }

    public static TheoryData<PackingAlgorithm> AllAlgorithms() => [.. Algorithms];

    private static int[] FillsByDefinition(int[] lengths, int capacity, bool best)
    {
        List<int> fills = [];
        foreach (int length in lengths.OrderDescending())
        {
            int chosen = -1;
            for (int b = 0; b < fills.Count; b++)
            {
                if (fills[b] + length <= capacity && (chosen < 0 || (best && fills[b] > fills[chosen]))) chosen = b;
            }

            if (chosen < 0)
            {
                chosen = fills.Count;
                fills.Add(0);
            }

            fills[chosen] += length;
        }

        return [.. fills];
    }

    /// <summary>All three algorithms on random instances of capacity 1 to 5,000; FsCheck shrinks what fails.</summary>
    private static void ForAll(Action<PackingAlgorithm, int[], int> property)
    {
        Arbitrary<(int Capacity, int[] Lengths)> instances = Arb.From(
            from capacity in Gen.OneOf(Gen.Choose(1, 12), Gen.Choose(13, 300), Gen.Choose(301, 5_000))
            from longest in Gen.Choose(1, capacity)
            from lengths in Gen.Choose(1, longest).ArrayOf()
            select (capacity, lengths));
        Prop.ForAll(instances, instance =>
        {
            foreach (PackingAlgorithm algorithm in Algorithms) property(algorithm, instance.Lengths, instance.Capacity);
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300).WithEndSize(200));
    }
}
