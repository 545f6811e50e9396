using LongContext.Data;
using LongContext.TestSupport;

namespace LongContext.Packing;

public sealed class LengthHistogramTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 3)]
    [InlineData(5_000, 40)] // in lanes
    [InlineData(5_003, 1_200)]
    [InlineData(3_000, 50_000)] // in one table
    [InlineData(500, 2_000_000_000)] // sorted
    [InlineData(80_000, 300_000)]
    public void FromLengths_Any_CountsEachLength(int count, int longest)
    {
        Random random = new(count);
        int[] lengths = [.. Enumerable.Range(0, count).Select(_ => random.Next(1, longest + 1))];
        lengths[^1] = longest;
        LengthHistogram histogram = LengthHistogram.FromLengths(lengths);
        (int Length, long Count)[] expected = [.. lengths.GroupBy(length => length).OrderBy(group => group.Key).Select(group => (group.Key, (long)group.Count()))];
        Assert.Equal(expected, histogram.Lengths.ToArray().Zip(histogram.Counts.ToArray()));
        Assert.Equal((count, lengths.Sum(length => (long)length)), (histogram.SequenceCount, histogram.TokenCount));
        Assert.Equal((lengths.Min(), longest), (histogram.MinimumLength, histogram.MaximumLength));
        Assert.Equal(histogram.Counts[^1], histogram[longest]);
        Assert.Equal(0, histogram[0]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void FromLengths_BelowOne_NamesTheItem(int length)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => LengthHistogram.FromLengths([4, 4, length]));
        Assert.Contains($"Item 2 has length {length}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromCounts_OfAHistogram_IsThatHistogram()
    {
        LengthHistogram histogram = LengthHistogram.FromCounts([0, 2, 0, 5]);
        Assert.Equal([1, 3], histogram.Lengths.ToArray());
        Assert.Equal([2L, 5], histogram.Counts.ToArray());
        Assert.Equal((7L, 17L, 17 / 7.0), (histogram.SequenceCount, histogram.TokenCount, histogram.MeanLength));
        Assert.Throws<ArgumentException>(() => LengthHistogram.FromCounts([1, 2]));
        Assert.Throws<ArgumentException>(() => LengthHistogram.FromCounts([0, -2]));
        Assert.Throws<OverflowException>(() => LengthHistogram.FromCounts([0, 1, long.MaxValue]));
    }

    [Fact]
    public void Merge_TwoParts_IsTheHistogramOfTheWhole()
    {
        Random random = new(4);
        int[] lengths = [.. Enumerable.Range(0, 300).Select(_ => random.Next(1, 60))];
        for (int cut = 0; cut <= lengths.Length; cut += 30)
        {
            LengthHistogram merged = LengthHistogram.FromLengths(lengths.AsSpan(0, cut)).Merge(LengthHistogram.FromLengths(lengths.AsSpan(cut)));
            AssertSame(LengthHistogram.FromLengths(lengths), merged);
        }
    }

    [Fact]
    public void Load_Saved_IsTheSame()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        foreach (LengthHistogram histogram in new[] { LengthHistogram.FromCounts([0, 2, 0, 5_000_000_000]), LengthHistogram.FromLengths([]) })
        {
            histogram.Save(folder["lengths"]);
            AssertSame(histogram, LengthHistogram.Load(folder["lengths"]));
        }
    }

    [Fact]
    public void Load_OtherFile_SaysWhatIsWrong()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["text"], "no histogram at all");
        Assert.Contains(folder["text"], Assert.Throws<DataFormatException>(() => LengthHistogram.Load(folder["text"])).Message, StringComparison.Ordinal);
        new StreamState("list").Save(folder["state"]);
        Assert.Contains("expected 'length-histogram'", Assert.Throws<DataFormatException>(() => LengthHistogram.Load(folder["state"])).Message, StringComparison.Ordinal);
        Checkpoints.SafetensorsWriter.Write(
            folder["unordered"],
            [Checkpoints.SafetensorsEntry.Create<int>("lengths", [2], new[] { 3, 3 }), Checkpoints.SafetensorsEntry.Create<long>("counts", [2], new[] { 1L, 1 })],
            new Dictionary<string, string> { ["kind"] = "length-histogram" });
        Assert.Contains("length 3 at place 1", Assert.Throws<DataFormatException>(() => LengthHistogram.Load(folder["unordered"])).Message, StringComparison.Ordinal);
    }

    private static void AssertSame(LengthHistogram expected, LengthHistogram found)
    {
        Assert.Equal(expected.Lengths.ToArray(), found.Lengths.ToArray());
        Assert.Equal(expected.Counts.ToArray(), found.Counts.ToArray());
        Assert.Equal((expected.SequenceCount, expected.TokenCount), (found.SequenceCount, found.TokenCount));
    }
}
