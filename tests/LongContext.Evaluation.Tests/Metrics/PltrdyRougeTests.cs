namespace LongContext.Evaluation.Metrics;

public sealed class PltrdyRougeTests
{
    [Fact]
    public void Score_OneSentence_IsWhatIsCountedByHand()
    {
        // Said: the cat sat on mat (5 different words, 5 pairs of which all differ); wanted: the cat lay on a mat (6, 5). In common: the cat on mat, and "the cat".
        PltrdyRougeScores scores = PltrdyRouge.Score("the cat sat on the mat", "the cat lay on a mat");
        AssertScore(4 / 6.0, 4 / 5.0, scores.Rouge1);
        AssertScore(1 / 5.0, 1 / 5.0, scores.Rouge2);
        AssertScore(4 / 6.0, 4 / 5.0, scores.RougeL);
    }

    [Fact]
    public void Score_Sentences_EndAtEveryFullStop()
    {
        // "3.14" is two sentences of one word; the line break is whitespace, the comma a part of its word.
        PltrdyRougeScores scores = PltrdyRouge.Score("14\n3", "3.14");
        AssertScore(1, 1, scores.Rouge1);
        AssertScore(0, 0, scores.Rouge2);
        AssertScore(1, 0.5, PltrdyRouge.Score("3 14", "14").RougeL);
        AssertScore(1, 1, scores.RougeL); // each sentence is found in the other text by itself
        AssertScore(0, 0, PltrdyRouge.Score("Mat,", "mat").Rouge1);
        // A sentence of blanks has one empty word.
        AssertScore(1, 1, PltrdyRouge.Score(" ", "\t").RougeL);
        AssertScore(0.5, 0.5, PltrdyRouge.Score("a. ", "b. ").Rouge1);
    }

    [Fact]
    public void Score_SamePerfectText_IsJustBelowOne() => Assert.Equal(0.999999995, PltrdyRouge.Score("a b", "a b").RougeL.F1, 1e-12);

    [Theory]
    [InlineData("", "a", "prediction")]
    [InlineData("...", "a", "prediction")]
    [InlineData("a", ".", "reference")]
    public void Score_NoSentence_NamesTheText(string prediction, string reference, string name)
    {
        Assert.Equal(name, Assert.Throws<ArgumentException>(() => PltrdyRouge.Score(prediction, reference)).ParamName);
        Assert.Equal(name, Assert.Throws<ArgumentException>(() => PltrdyRouge.ExceedsRecursionLimit(prediction, reference)).ParamName);
        Assert.Equal(0, LongBenchMetrics.RougeL(prediction, reference));
    }

    [Fact]
    public void RougeL_RandomTexts_UnitesTheWordsOfThePackagesWalks()
    {
        Random random = new(11);
        for (int round = 0; round < 3_000; round++)
        {
            int vocabulary = random.Next(1, 9);
            string prediction = Text(), reference = Text();
            int[][] said = Sentences(prediction), wanted = Sentences(reference);
            if (said.Length == 0 || wanted.Length == 0) continue;
            HashSet<int> united = [];
            foreach (int[] sentence in wanted)
            {
                foreach (int[] other in said) united.UnionWith(Walk(sentence, other).Words);
            }

            AssertScore(
                united.Count / (double)wanted.SelectMany(words => words).Distinct().Count(), united.Count / (double)said.SelectMany(words => words).Distinct().Count(),
                PltrdyRouge.Score(prediction, reference).RougeL);

            string Text() => string.Join(' ', Enumerable.Range(0, random.Next(1, 25)).Select(_ => $"{random.Next(vocabulary)}{(random.Next(6) == 0 ? "." : "")}"));
        }

        static int[][] Sentences(string text) =>
            [.. text.Split('.').Where(piece => piece.Length > 0).Select(piece => piece.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(words => words.Length == 0 ? [-1] : words.Select(word => int.Parse(word, System.Globalization.CultureInfo.InvariantCulture)).ToArray())];
    }

    [Fact]
    public void ExceedsRecursionLimit_EqualTexts_AtTheCountedBorder()
    {
        // Counted with CPython 3.11.2: 992 words called from a script, 990 in LongBench's eval.py and 989 in its way for Chinese.
        string text = string.Join(' ', Enumerable.Range(0, 992));
        Assert.False(PltrdyRouge.ExceedsRecursionLimit(text, text));
        Assert.True(PltrdyRouge.ExceedsRecursionLimit(text + " x", text + " x"));
        Assert.True(PltrdyRouge.ExceedsRecursionLimit(text, text, callers: 1));
        Assert.False(PltrdyRouge.ExceedsRecursionLimit(text.Replace("5", ".", StringComparison.Ordinal), text.Replace("5", ".", StringComparison.Ordinal)));
        Assert.Throws<ArgumentOutOfRangeException>(() => PltrdyRouge.ExceedsRecursionLimit("a", "b", -1));
        string longest = string.Join(' ', Enumerable.Range(0, 990));
        Assert.Equal((1, 0), (Math.Round(LongBenchMetrics.RougeL(longest, longest, recursionLimit: true)), LongBenchMetrics.RougeL(longest + " x", longest + " x", recursionLimit: true)));
    }

    [Fact]
    public void ExceedsRecursionLimit_RandomTexts_CountsTheStepsOfTheWalk()
    {
        Random random = new(12);
        int exceeded = 0;
        for (int round = 0; round < 40; round++)
        {
            int vocabulary = random.Next(2, 300);
            int[] said = Words(random.Next(300, 700)), wanted = Words(random.Next(300, 700));
            bool expected = Walk(wanted, said).Steps > 992;
            exceeded += expected ? 1 : 0;
            Assert.Equal(expected, PltrdyRouge.ExceedsRecursionLimit(string.Join(' ', said), string.Join(' ', wanted)));

            int[] Words(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
        }

        Assert.InRange(exceeded, 1, 39);
    }

    [Fact]
    public void Score_LongTexts_StaysFarFromQuadraticMemory()
    {
        Random random = new(3);
        string first = Text(), second = Text();
        long before = GC.GetAllocatedBytesForCurrentThread();
        double score = LongBenchMetrics.RougeL(first, second);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(score, 0.05, 0.5);
        // A table of 20,000² cells would be 1.6 GB, of bits 50 MB.
        Assert.InRange(allocated, 1, 20_000_000);

        string Text() => string.Join(' ', Enumerable.Range(0, 20_000).Select(_ => $"w{random.Next(3_000)}"));
    }

    private static void AssertScore(double recall, double precision, PltrdyRougeScore score)
    {
        Assert.Equal(recall, score.Recall, 1e-15);
        Assert.Equal(precision, score.Precision, 1e-15);
        Assert.Equal(2 * precision * recall / (precision + recall + 1e-8), score.F1, 1e-15);
    }

    /// <summary>The package's definition: all cells, then the way back, which leaves the reference's word only where that cell is strictly larger.</summary>
    private static (List<int> Words, int Steps) Walk(int[] reference, int[] prediction)
    {
        int[,] cells = new int[reference.Length + 1, prediction.Length + 1];
        for (int i = 1; i <= reference.Length; i++)
        {
            for (int j = 1; j <= prediction.Length; j++)
                cells[i, j] = reference[i - 1] == prediction[j - 1] ? cells[i - 1, j - 1] + 1 : Math.Max(cells[i - 1, j], cells[i, j - 1]);
        }

        List<int> words = [];
        int steps = 0;
        for ((int i, int j) = (reference.Length, prediction.Length); i > 0 && j > 0; steps++)
        {
            if (reference[i - 1] == prediction[j - 1])
            {
                words.Add(reference[--i]);
                j--;
            }
            else if (cells[i - 1, j] > cells[i, j - 1])
            {
                i--;
            }
            else
            {
                j--;
            }
        }

        return (words, steps);
    }
}
