using FsCheck;
using FsCheck.Fluent;

namespace LongContext.Packing;

public sealed class HistogramPackerTests
{
    [Fact]
    public void Pack_ByHand_GivesTheStrategies()
    {
        // Capacity 10, lengths 6 6 6 4 4 3 3 3 1. Longest first: three packs of 6 (room 4); two 4s fill two of them; of the 3s one
        // goes into the third pack of 6 (room 1), the others make a pack of their own (3 3, room 4); the 1 goes to the tightest, 6 3.
        HistogramPacking packing = Pack(10, null, [6, 6, 6, 4, 4, 3, 3, 3, 1]);
        Assert.Equal([(2L, "6 4"), (1L, "6 3 1"), (1L, "3 3")], packing.Strategies.Select(Text).OrderByDescending(s => s.Lengths, StringComparer.Ordinal).OrderByDescending(s => s.Count));
        // 36 tokens in 4 packs of 10; 36 / 10 rounded up is 4: no packing is better.
        Assert.Equal((4L, 4L, 0L), (packing.PackCount, packing.Optimality.LowerBound, packing.Optimality.ExcessPacks));
        Assert.Equal(0.9, packing.Optimality.FillRate, 12);
        Assert.Equal(9 / 4.0, packing.Optimality.PackingFactor, 12);
        Assert.Equal(4, packing.Optimality.PaddingTokens);
    }

    [Fact]
    public void Pack_AnyCounts_IsBestFitDecreasingItemByItem() => ForAll((lengths, capacity, most) =>
    {
        HistogramPacking packing = Pack(capacity, most, lengths);
        List<List<int>> expected = BestFitByDefinition(lengths, capacity, most ?? int.MaxValue);
        if (most >= 3)
        {
            // Packs are filled by pairs too, and the better packing counts.
            Assert.InRange(packing.PackCount, packing.Optimality.LowerBound, expected.Count);
            return;
        }

        Assert.Equal(expected.Count, packing.PackCount);
        // With the latest bin first among equally tight ones the definition fixes every bin, not only how many there are.
        IEnumerable<string> found = packing.Strategies.SelectMany(strategy => Enumerable.Repeat(Text(strategy).Lengths, (int)strategy.Count));
        Assert.Equal(expected.Select(bin => string.Join(' ', bin)).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Pack_AnyCounts_LosesNothingDoublesNothingAndKeepsTheLimits() => ForAll((lengths, capacity, most) =>
    {
        HistogramPacking packing = Pack(capacity, most, lengths);
        Assert.All(packing.Strategies, strategy =>
        {
            Assert.InRange(strategy.TokenCount, 1, capacity);
            Assert.InRange(strategy.DocumentCount, 1, most ?? int.MaxValue);
            Assert.InRange(strategy.Count, 1, lengths.Length);
        });
        IEnumerable<int> packed = packing.Strategies.SelectMany(strategy => Enumerable.Repeat(strategy.Lengths.ToArray(), (int)strategy.Count).SelectMany(all => all));
        Assert.Equal(lengths.Order(), packed.Order());
    });

    [Fact]
    public void Assign_AnyLengthsAndOrder_PutsEverySequenceIntoOnePackOfItsStrategy() => ForAll((lengths, capacity, most) =>
    {
        HistogramPacking packing = Pack(capacity, most, lengths);
        foreach (PackOrder order in Enum.GetValues<PackOrder>())
        {
            PackAssignment packs = packing.Assign(lengths, order, seed: 5);
            Assert.Equal(packing.PackCount, packs.Count);
            Assert.Equal(Enumerable.Range(0, lengths.Length), packs.Indices.ToArray().Order());
            string[] found = [.. Enumerable.Range(0, packs.Count).Select(p => string.Join(' ', packs[p].ToArray().Select(i => lengths[i])))];
            IEnumerable<string> expected = packing.Strategies.SelectMany(strategy => Enumerable.Repeat(Text(strategy).Lengths, (int)strategy.Count));
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
            for (int p = 0; p < packs.Count; p++)
            {
                // From long to short, equally long ones in the data set's order.
                int[] pack = packs[p].ToArray();
                Assert.Equal(pack.OrderByDescending(i => lengths[i]).ThenBy(i => i), pack);
            }
        }
    });

    [Fact]
    public void Assign_Orders_KeepTheirPolicies() => ForAll((lengths, capacity, most) =>
    {
        HistogramPacking packing = Pack(capacity, most, lengths);
        PackAssignment asPacked = packing.Assign(lengths), longest = packing.Assign(lengths, PackOrder.LongestFirst);
        IEnumerable<(int, int)> heads = Enumerable.Range(0, asPacked.Count).Select(p => (lengths[asPacked[p][0]], asPacked[p][0]));
        Assert.Equal(heads.OrderByDescending(head => head.Item1).ThenBy(head => head.Item2), heads);
        long[] costs = [.. Enumerable.Range(0, longest.Count).Select(p => longest[p].ToArray().Sum(i => (long)lengths[i] * lengths[i]))];
        Assert.Equal(costs.OrderDescending(), costs);

        // The same seed, the same order; and the packs are those of the order as packed.
        PackAssignment shuffled = packing.Assign(lengths, PackOrder.Shuffled, seed: 3);
        Assert.Equal(shuffled.Indices.ToArray(), packing.Assign(lengths, PackOrder.Shuffled, seed: 3).Indices.ToArray());
        Assert.Equal(Packs(asPacked).Order(StringComparer.Ordinal), Packs(shuffled).Order(StringComparer.Ordinal));
    });

    [Fact]
    public void Pack_AtMostThreeDocuments_FillsByPairsWhereBestFitCannot()
    {
        // Capacity 10. Best fit: 6 4, 6 4, then 3 1, 3 1 with room 6 each (or 3 3 1 and 1): 4 packs. By pairs: 6 with 3 1, twice, then 4 4: 3 packs,
        // and with 28 tokens there can be no fewer.
        HistogramPacking packing = Pack(10, 3, [6, 6, 4, 4, 3, 3, 1, 1]);
        Assert.Equal((3L, 3L), (packing.PackCount, packing.Optimality.LowerBound));
        Assert.Equal([(2L, "6 3 1"), (1L, "4 4")], packing.Strategies.Select(Text));
        Assert.Equal(4, BestFitByDefinition([6, 6, 4, 4, 3, 3, 1, 1], 10, 3).Count);
    }

    [Fact]
    public void Assign_Shuffled_DependsOnTheSeed()
    {
        int[] lengths = [.. Enumerable.Repeat(7, 100)];
        HistogramPacking packing = Pack(7, null, lengths);
        Assert.NotEqual(Packs(packing.Assign(lengths, PackOrder.Shuffled, 1)), Packs(packing.Assign(lengths, PackOrder.Shuffled, 2)));
        Assert.NotEqual(Packs(packing.Assign(lengths)), Packs(packing.Assign(lengths, PackOrder.Shuffled, 1)));
    }

    [Theory]
    [InlineData(new[] { 3, 3, 5 }, "There are 3 lengths, but 4 sequences were packed")]
    [InlineData(new[] { 3, 3, 5, 5 }, "There are 2 sequences of length 3, but 3 of them were packed")]
    [InlineData(new[] { 3, 3, 3, 3 }, "There are 4 sequences of length 3, but 3 of them were packed")]
    [InlineData(new[] { 3, 3, 3, 4 }, "There are 1 sequences of length 4, but 0 of them were packed")]
    [InlineData(new[] { 3, 3, 3, 70_000 }, "There are 0 sequences of length 5, but 1 of them were packed")]
    public void Assign_OtherLengths_SaysWhatDiffers(int[] lengths, string message)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Pack(10, null, [3, 3, 3, 5]).Assign(lengths));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pack_TwelveMillionMillionSequences_IsWorkPerLength()
    {
        // 10¹² sequences of 300 and of 200 tokens: the work does not depend on how many there are. A pack of 512 holds one of each.
        long[] counts = new long[301];
        counts[300] = counts[200] = 1_000_000_000_000;
        HistogramPacking packing = new HistogramPacker(new HistogramPackerOptions { ContextLength = 512 }).Pack(LengthHistogram.FromCounts(counts));
        PackStrategy only = Assert.Single(packing.Strategies);
        Assert.Equal((1_000_000_000_000L, "300 200"), Text(only));
        Assert.Equal(12_000_000_000_000, (long)packing.Optimality.PaddingTokens);
        // Sequences of 300 share a pack with none of their kind: the bound knows, that of the tokens does not.
        Assert.Equal((1_000_000_000_000L, 976_562_500_000L), (packing.Optimality.LowerBound, packing.Optimality.TokenBound));
    }

    [Fact]
    public void Pack_Nothing_GivesNoPack()
    {
        HistogramPacking packing = Pack(8, null, []);
        Assert.Equal((0L, 0L, 0.0), (packing.PackCount, packing.Optimality.LowerBound, packing.Optimality.FillRate));
        Assert.Equal(0, packing.Assign([]).Count);
    }

    [Fact]
    public void Pack_LongerThanTheContext_SaysSo()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Pack(8, null, [9]));
        Assert.Contains("9 tokens, more than the context length of 8", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Packer_OptionsOutOfRange_NamesAll()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new HistogramPacker(new HistogramPackerOptions { ContextLength = 0, MaximumDocuments = 0 }));
        Assert.Contains("ContextLength is 0", fault.Message, StringComparison.Ordinal);
        Assert.Contains("MaximumDocuments is 0", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BinPacker_ManyItems_PacksCountsToTheSameFills()
    {
        // Above the number from which lengths are counted; capacities with short and with far apart lengths.
        foreach ((int capacity, int seed) in new[] { (100, 1), (5_000, 2), (1_000_000, 3) })
        {
            Random random = new(seed);
            int[] lengths = [.. Enumerable.Range(0, 9_000).Select(_ => (int)(capacity * Math.Pow(random.NextDouble(), 3)) + 1)];
            lengths = [.. lengths.Select(length => Math.Min(length, capacity))];
            PackAssignment bins = BinPacker.Assign(lengths, capacity, PackingAlgorithm.BestFitDecreasing);
            Assert.Equal(Enumerable.Range(0, lengths.Length), bins.Indices.ToArray().Order());
            IEnumerable<int> fills = Enumerable.Range(0, bins.Count).Select(b => bins[b].ToArray().Sum(i => lengths[i]));
            Assert.Equal(BestFitByDefinition(lengths, capacity, int.MaxValue).Select(bin => bin.Sum()).Order(), fills.Order());
            Assert.Equal(BinPacker.Pack(lengths, capacity, PackingAlgorithm.BestFitDecreasing), Enumerable.Range(0, bins.Count).Select(b => bins[b].ToArray()));
        }
    }

    [Fact]
    public void PairCompletion_SeveralPairsFillThePack_TakesTheOneOfWhichThereAreMost()
    {
        // Beside 6 of 10, 3 and 1 fill the pack, and 2 and 2; there are five of the first pair and one of the second.
        LengthHistogram histogram = LengthHistogram.FromCounts([0, 5, 2, 5, 0, 0, 1]);
        Assert.Equal([6, 3, 1], PairCompletion.Pack(histogram, 10, 3)[0].Lengths.ToArray());
    }

    [Fact]
    public void Pack_AtMostThreeDocuments_CompletesThePackByPairs()
    {
        // Best fit makes 6 6, 4 4 2 and 2. A pair fills the room beside a 6 as well as another 6 does, and keeps the short ones from each other.
        Assert.Equal([(2L, "6 4 2")], Pack(12, 3, [6, 6, 4, 4, 2, 2]).Strategies.Select(Text));
        // Beside a 5 both 4 1 and 3 2 fill the pack: of the latter there are most, so it comes first. Best fit: 5 5, 5 4 1, 3 3 2 and 2.
        Assert.Equal([(2L, "5 3 2"), (1L, "5 4 1")], Pack(10, 3, [5, 5, 5, 4, 3, 3, 2, 2, 1]).Strategies.Select(Text));
        // Four documents: two more cannot fill what a 12 leaves.
        Assert.Equal([(1L, "12 6 6 6")], Pack(30, 4, [12, 6, 6, 6]).Strategies.Select(Text));
    }

    [Theory]
    [InlineData(5)] // by a sort
    [InlineData(9_000)] // by counts
    public void Assign_MoreThanTwoToThe31Tokens_HoldsEveryItemOnce(int items)
    {
        const int capacity = 1 << 30;
        // One by one: lengths of the whole capacity, and the last two of half of it. 5 · 2³⁰ tokens are above 2³².
        int[] lengths = [.. Enumerable.Repeat(capacity, items), capacity / 2, capacity / 2];
        foreach (PackingAlgorithm algorithm in Enum.GetValues<PackingAlgorithm>())
        {
            PackAssignment bins = BinPacker.Assign(lengths, capacity, algorithm);
            Assert.Equal(items + 1, bins.Count);
            Assert.Equal(Enumerable.Range(0, items + 2), bins.Indices.ToArray().Order());
            Assert.Equal([items, items + 1], bins[items].ToArray());
        }

        HistogramPacking packing = Pack(capacity, null, lengths);
        Assert.Equal((items + 1L) * capacity, packing.Optimality.Tokens);
        Assert.Equal((items + 1L, 0L, 1.0), (packing.PackCount, packing.Optimality.ExcessPacks, packing.Optimality.FillRate));
        Assert.Equal(items + 1, packing.Assign(lengths).Count);
    }

    private static (long Count, string Lengths) Text(PackStrategy strategy) => (strategy.Count, string.Join(' ', strategy.Lengths.ToArray()));

    private static string[] Packs(PackAssignment packs) => [.. Enumerable.Range(0, packs.Count).Select(p => string.Join(' ', packs[p].ToArray()))];

    private static HistogramPacking Pack(int capacity, int? most, int[] lengths) =>
        new HistogramPacker(new HistogramPackerOptions { ContextLength = capacity, MaximumDocuments = most }).Pack(LengthHistogram.FromLengths(lengths));

    /// <summary>O(n²): the longest first, each into the tightest bin that has room for it, the latest of these to become so tight.</summary>
    private static List<List<int>> BestFitByDefinition(int[] lengths, int capacity, int most)
    {
        List<List<int>> bins = [];
        List<(int Room, int Time)> states = [];
        int time = 0;
        foreach (int length in lengths.OrderDescending())
        {
            int chosen = -1;
            for (int b = 0; b < bins.Count; b++)
            {
                if (states[b].Room < length || bins[b].Count >= most) continue;
                if (chosen < 0 || states[b].Room < states[chosen].Room || (states[b].Room == states[chosen].Room && states[b].Time > states[chosen].Time)) chosen = b;
            }

            if (chosen < 0)
            {
                chosen = bins.Count;
                bins.Add([]);
                states.Add((capacity, 0));
            }

            bins[chosen].Add(length);
            states[chosen] = (states[chosen].Room - length, ++time);
        }

        return bins;
    }

    private static void ForAll(Action<int[], int, int?> property)
    {
        Arbitrary<(int Capacity, int Most, int[] Lengths)> instances = Arb.From(
            from capacity in Gen.OneOf(Gen.Choose(1, 12), Gen.Choose(13, 60), Gen.Choose(61, 5_000))
            from longest in Gen.Choose(1, capacity)
            from most in Gen.Choose(0, 6)
            from lengths in Gen.Choose(1, longest).ArrayOf()
            select (capacity, most, lengths));
        Prop.ForAll(instances, instance => property(instance.Lengths, instance.Capacity, instance.Most == 0 ? null : instance.Most))
            .Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300).WithEndSize(200));
    }
}
