namespace LongContext.Evaluation.Metrics;

public sealed class SequenceMatcherRatioTests
{
    [Theory]
    [InlineData("", "", 1.0)]
    [InlineData("", "a", 0.0)]
    [InlineData("abcd", "bcde", 0.75)] // the example of Python's documentation
    [InlineData("tide", "diet", 0.25)] // also there: "t" alone is found first, with nothing left of it
    [InlineData("diet", "tide", 0.5)]
    [InlineData("😀a", "a😀", 0.5)] // two code points each
    public void Of_ShortTexts_IsWhatPythonDocuments(string first, string second, double expected) => Assert.Equal(expected, SequenceMatcherRatio.Of(first, second));

    [Fact]
    public void Of_RandomTexts_AgreesWithThePlainSearch()
    {
        Random random = new(21);
        for (int round = 0; round < 3_000; round++)
        {
            int alphabet = random.Next(1, 7);
            int[] first = Draw(random.Next(0, 30)), second = Draw(random.Next(0, 30));
            int whole = first.Length + second.Length;
            double expected = whole == 0 ? 1 : 2.0 * Matches(first, second, []) / whole;
            Assert.Equal(expected, SequenceMatcherRatio.Of<int>(first, second));

            int[] Draw(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(alphabet))];
        }
    }

    [Theory]
    [InlineData(199)]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(450)]
    public void Of_LongSecondText_LeavesFrequentSymbolsToLengthenRuns(int length)
    {
        Random random = new(length);
        for (int round = 0; round < 20; round++)
        {
            int alphabet = random.Next(30, 150);
            int[] second = [.. Enumerable.Range(0, length).Select(_ => random.Next(3) == 0 ? random.Next(3) : random.Next(alphabet))];
            int[] first = [.. second.Where(_ => random.Next(8) > 0), .. Enumerable.Range(0, 10).Select(_ => random.Next(alphabet))];
            HashSet<int> frequent = length < 200 ? [] : [.. second.GroupBy(symbol => symbol).Where(group => group.Count() > (length / 100) + 1).Select(group => group.Key)];
            Assert.Equal(2.0 * Matches(first, second, frequent) / (first.Length + second.Length), SequenceMatcherRatio.Of<int>(first, second));
        }
    }

    [Fact]
    public void Of_DeeplyNestedRuns_NeedsNoStack()
    {
        // Each longest run leaves all but one pair of the rest on one side: as deep as the text is long.
        int[] first = [.. Enumerable.Range(0, 20_000).SelectMany(i => new[] { i, -1 - i })];
        int[] second = [.. Enumerable.Range(0, 20_000).SelectMany(i => new[] { i, -100_000 - i })];
        Assert.Equal(0.5, SequenceMatcherRatio.Of<int>(first, second));
        Assert.Equal("second", Assert.Throws<ArgumentNullException>(() => SequenceMatcherRatio.Of("", null!)).ParamName);
    }

    /// <summary>
    /// Ratcliff and Obershelp, by trying every pair of places: the longest run without a frequent symbol, of those the first in the first text and then in the second;
    /// lengthened by what is equal on both sides; then left and right.
    /// </summary>
    private static int Matches(ReadOnlySpan<int> first, ReadOnlySpan<int> second, HashSet<int> frequent)
    {
        int bestFirst = 0, bestSecond = 0, best = 0;
        for (int i = 0; i < first.Length; i++)
        {
            for (int j = 0; j < second.Length; j++)
            {
                int length = 0;
                while (i + length < first.Length && j + length < second.Length && first[i + length] == second[j + length] && !frequent.Contains(first[i + length])) length++;
                if (length > best) (bestFirst, bestSecond, best) = (i, j, length);
            }
        }

        while (bestFirst > 0 && bestSecond > 0 && first[bestFirst - 1] == second[bestSecond - 1]) (bestFirst, bestSecond, best) = (bestFirst - 1, bestSecond - 1, best + 1);
        while (bestFirst + best < first.Length && bestSecond + best < second.Length && first[bestFirst + best] == second[bestSecond + best]) best++;
        if (best == 0) return 0;
        return best + Matches(first[..bestFirst], second[..bestSecond], frequent) + Matches(first[(bestFirst + best)..], second[(bestSecond + best)..], frequent);
    }
}
