using LongContext.Data;
using LongContext.Generation;

namespace LongContext.Tests.Generation.Sampling;

public sealed class StopStringFilterTests
{
    [Fact]
    public void Add_RandomStopsAndPieces_GivesTheTextBeforeTheFirstAndHoldsBackNoMoreThanItMust()
    {
        var random = new SplitMix64(8);
        int stopped = 0;
        for (int round = 0; round < 3000; round++)
        {
            string[] stops = [.. Enumerable.Range(0, random.NextInt(5)).Select(_ => Text(1 + random.NextInt(5)))];
            string text = Text(random.NextInt(30));
            var filter = new StopStringFilter(stops);
            string shown = "", read = "";
            while (read.Length < text.Length && !filter.Stopped)
            {
                string piece = text.Substring(read.Length, 1 + random.NextInt(Math.Min(6, text.Length - read.Length)));
                read += piece;
                shown += filter.Add(piece);
                if (filter.Stopped) break;
                // Held back: the longest end that a stop string begins with.
                int held = Enumerable.Range(0, read.Length + 1).First(from => from == read.Length || stops.Any(stop => stop.StartsWith(read[from..], StringComparison.Ordinal)));
                Assert.Equal(read[..held], shown);
            }

            string? expected = Cut(text, stops);
            Assert.Equal(expected is not null, filter.Stopped);
            Assert.Equal(expected ?? text, shown + filter.Flush());
            Assert.Equal(filter.Stopped ? "" : "zz", filter.Add("zz"));
            if (expected is not null) stopped++;
        }

        Assert.InRange(stopped, 500, 2900);

        string Text(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.NextInt(3))));
    }

    private static string? Cut(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] found = [.. stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal))];
            if (found.Length > 0) return text[..(end - found.Max(stop => stop.Length))];
        }

        return null;
    }
}
