namespace LongContext.Evaluation.Metrics;

public sealed class LevenshteinTests
{
    [Theory]
    [InlineData(4)]
    [InlineData(26)]
    [InlineData(100_000)]
    public void Distances_RandomSequences_AgreeWithTheTable(int alphabet)
    {
        Random random = new(alphabet);
        // Lengths around the block of 64 and the pair of blocks.
        int[] lengths = [0, 1, 2, 5, 31, 63, 64, 65, 127, 128, 129, 191, 192, 193, 256, 257, 300];
        foreach (int first in lengths)
        {
            foreach (int second in lengths)
            {
                int[] a = Draw(first);
                int[] b = Draw(second);
                AssertTable(a, b);
                AssertTable(a, Mutate(a));
            }
        }

        int[] Draw(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(alphabet))];

        int[] Mutate(int[] sequence)
        {
            List<int> mutated = [.. sequence];
            for (int edit = 0; edit < 6; edit++)
            {
                int at = random.Next(mutated.Count + 1);
                if (random.Next(3) > 0 && at < mutated.Count) mutated.RemoveAt(at);
                if (random.Next(3) > 0) mutated.Insert(Math.Min(at, mutated.Count), random.Next(alphabet));
            }

            return [.. mutated];
        }
    }

    [Fact]
    public void Distances_LongTexts_AgreeBothWaysRoundAndWithTheTable()
    {
        Random random = new(9);
        int[] a = [.. Enumerable.Range(0, 3_001).Select(_ => random.Next(30))];
        int[] b = [.. Enumerable.Range(0, 2_777).Select(_ => random.Next(30))];
        AssertTable(a, b);
        Assert.Equal(Levenshtein.Distance<int>(a, b), Levenshtein.Distance<int>(b, a));
        Assert.Equal(Levenshtein.IndelDistance<int>(a, b), Levenshtein.IndelDistance<int>(b, a));
    }

    [Theory]
    [InlineData("", "", 0, 0, 1.0, 1.0)]
    [InlineData("", "abc", 3, 3, 0.0, 0.0)]
    [InlineData("kitten", "sitting", 3, 5, 1 - (5 / 13.0), 1 - (3 / 7.0))]
    [InlineData("😀a", "😁a", 1, 2, 0.5, 0.5)]
    public void Distances_Text_CountCodePoints(string a, string b, int distance, int indel, double ratio, double similarity)
    {
        Assert.Equal(distance, Levenshtein.Distance(a, b));
        Assert.Equal(indel, Levenshtein.IndelDistance(a, b));
        Assert.Equal(ratio, Levenshtein.IndelRatio(a, b), 1e-15);
        Assert.Equal(similarity, Levenshtein.EditSimilarity(a, b), 1e-15);
    }

    [Fact]
    public void Distances_HalfSurrogatePairs_CountAsOneEach()
    {
        // Not as theory rows: an attribute cannot hold them.
        Assert.Equal(1, Levenshtein.Distance("\ud83d", "😀"));
        Assert.Equal(0, Levenshtein.Distance("\ud83d", "\ud83d"));
        Assert.Equal(1, Levenshtein.Distance("\ud83dx", "\ude00x"));
        Assert.Equal(2, Levenshtein.IndelDistance("\ude00\ud83d", "\ude00x"));
        Assert.Equal(0.5, Levenshtein.EditSimilarity("\ude00\ud83d", "\ude00x"));
    }

    [Fact]
    public void Distances_Words_CountWords()
    {
        string[] a = ["the", "old", "mill"];
        string[] b = ["the", "new", "mill", "burns"];
        Assert.Equal(2, Levenshtein.Distance<string>(a, b));
        Assert.Equal(3, Levenshtein.IndelDistance<string>(a, b));
    }

    [Fact]
    public void Distances_LongDifferentSymbols_StayLinearInMemory()
    {
        int[] a = [.. Enumerable.Range(0, 20_000)];
        int[] b = [.. Enumerable.Range(0, 20_000).Select(i => i % 7 == 0 ? -i - 1 : i)];
        long before = GC.GetAllocatedBytesForCurrentThread();
        int distance = Levenshtein.Distance<int>(a, b);
        int indel = Levenshtein.IndelDistance<int>(a, b);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((2_858, 5_716), (distance, indel));
        // A table of bits would take 20,000² / 8 = 50 MB, one of cells 1.6 GB.
        Assert.InRange(allocated, 0, 8_000_000);
    }

    [Fact]
    public void Distance_Null_NamesTheParameter()
    {
        Assert.Equal("first", Assert.Throws<ArgumentNullException>(() => Levenshtein.Distance(null!, "a")).ParamName);
        Assert.Equal("second", Assert.Throws<ArgumentNullException>(() => Levenshtein.IndelRatio("a", null!)).ParamName);
    }

    private static void AssertTable(int[] a, int[] b)
    {
        Assert.Equal(Table(a, b, substitution: 1), Levenshtein.Distance<int>(a, b));
        Assert.Equal(Table(a, b, substitution: 2), Levenshtein.IndelDistance<int>(a, b));
    }

    /// <summary>The definition: a table of cells, row by row.</summary>
    private static int Table(int[] a, int[] b, int substitution)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : substitution));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
