using LongContext.Core.Tests.Tokenization;

namespace LongContext.Packing;

public sealed class PairCompletionTests
{
    [Fact]
    public void Pack_RandomCounts_IsWhatTheRuleSays()
    {
        var random = new Random(6);
        for (int round = 0; round < 400; round++)
        {
            int capacity = random.Next(4, 200), most = random.Next(3, 40), longest = random.Next(1, capacity + 1);
            long[] counts = new long[longest + 1];
            for (int i = random.Next(1, 60); i > 0; i--) counts[random.Next(1, longest + 1)] += random.Next(1, 1 + random.Next(1, 30));
            IEnumerable<string> found = PairCompletion.Pack(LengthHistogram.FromCounts(counts), capacity, most)
                .Select(strategy => $"{strategy.Count}: {string.Join(' ', strategy.Lengths.ToArray())}");
            Assert.Equal(ByDefinition(counts, capacity, most), found);
        }
    }

    [Fact]
    public async Task Pack_ManyLengthsAndManyDocumentsAPack_TakesNoMinutes()
    {
        var random = new Random(2);
        int[] lengths = [.. Enumerable.Range(1, 4_000), .. Enumerable.Range(0, 1_000_000).Select(_ => (int)(-200 * Math.Log(1 - random.NextDouble())) + 1)];
        LengthHistogram histogram = LengthHistogram.FromLengths(lengths);
        HistogramPacking packing = await Deadline.Run(() => new HistogramPacker(new HistogramPackerOptions { ContextLength = 131_072, MaximumDocuments = 1_000 }).Pack(histogram));
        Assert.InRange(packing.PackCount, packing.Optimality.LowerBound, packing.Optimality.LowerBound * 6 / 5);
    }

    /// <summary>Every pair is looked at: the one that leaves least, of those the one of which there are most, of those the one with the shortest.</summary>
    private static IEnumerable<string> ByDefinition(long[] given, int capacity, int most)
    {
        long[] counts = [.. given];
        while (Array.FindLastIndex(counts, count => count > 0) is > 0 and int longest)
        {
            var pack = new List<int>();
            int room = capacity;
            Take(longest);
            while (most - pack.Count > 2 && room > 2 * longest && Left(longest) > 0) Take(longest);
            while (pack.Count < most)
            {
                int single = Enumerable.Range(0, longest + 1).LastOrDefault(length => length > 0 && length <= room && Left(length) > 0);
                if (single == 0) break;
                (int Shorter, int Longer)? best = null;
                long leastRoom = room - single, mostPacks = 0;
                for (int shorter = 1; shorter <= longest && most - pack.Count >= 2; shorter++)
                {
                    for (int longer = shorter; longer <= longest && shorter + longer <= room; longer++)
                    {
                        long packs = longer == shorter ? Left(shorter) / 2 : Math.Min(Left(shorter), Left(longer)), leaves = room - shorter - longer;
                        if (packs == 0 || leaves > leastRoom || (leaves == leastRoom && packs <= mostPacks)) continue;
                        (best, leastRoom, mostPacks) = ((shorter, longer), leaves, packs);
                    }
                }

                if (best is not { } pair)
                {
                    Take(single);
                    continue;
                }

                Take(pair.Longer);
                Take(pair.Shorter);
            }

            long times = pack.Min(length => counts[length] / pack.Count(other => other == length));
            foreach (int length in pack) counts[length] -= times;
            yield return $"{times}: {string.Join(' ', pack.OrderDescending())}";

            void Take(int length)
            {
                pack.Add(length);
                room -= length;
            }

            long Left(int length) => counts[length] - pack.Count(other => other == length);
        }
    }
}
