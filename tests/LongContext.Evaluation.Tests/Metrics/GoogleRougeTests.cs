namespace LongContext.Evaluation.Metrics;

public sealed class GoogleRougeTests
{
    private const double Tolerance = 1e-12;

    [Fact]
    public void Score_OneSentence_IsWhatIsCountedByHand()
    {
        // Prediction: the cat sat on the mat (6 words, 5 pairs); reference: the cat lay on a mat (6, 5).
        // Words in common: the, cat, on, mat = 4 (the second "the" has no counterpart). Pairs: "the cat" = 1. Subsequence: the cat on mat = 4.
        RougeScores scores = GoogleRouge.Score("The cat sat on the mat.", "the cat lay on a mat");
        AssertScore(4 / 6.0, 4 / 6.0, scores.Rouge1);
        AssertScore(1 / 5.0, 1 / 5.0, scores.Rouge2);
        AssertScore(4 / 6.0, 4 / 6.0, scores.RougeL);
        AssertScore(4 / 6.0, 4 / 6.0, scores.RougeLsum);
    }

    [Fact]
    public void Score_SentencesInAnotherOrder_SumsOverLines()
    {
        // As one text "c d a b" against "a b c d" has a subsequence of 2 words; line by line each is found whole: 4.
        RougeScores scores = GoogleRouge.Score("c d\na b", "a b\nc d");
        AssertScore(0.5, 0.5, scores.RougeL);
        AssertScore(1, 1, scores.RougeLsum);
        // Lin's own example (section 3.2): r = w1 w2 w3 w4 w5, c1 = w1 w2 w6 w7 w8, c2 = w1 w3 w8 w9 w5: union w1 w2 w3 w5, recall 4/5; precision 4/10.
        AssertScore(4 / 10.0, 4 / 5.0, GoogleRouge.Score("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", "w1 w2 w3 w4 w5").RougeLsum);
        // "a" stands once in the prediction: of two lines of the reference that hold it only one counts.
        AssertScore(1, 1 / 2.0, GoogleRouge.Score("a", "a\na").RougeLsum);
    }

    [Fact]
    public void Score_NothingOnOneSide_IsZero()
    {
        foreach ((string prediction, string reference) in new[] { ("", ""), ("", "a b"), ("a b", ""), ("…", "a"), ("日本", "日本") })
        {
            RougeScores scores = GoogleRouge.Score(prediction, reference);
            Assert.All(new[] { scores.Rouge1, scores.Rouge2, scores.RougeL, scores.RougeLsum }, score => Assert.Equal((0, 0, 0), (score.Precision, score.Recall, score.F1)));
        }

        Assert.Equal(0, GoogleRouge.Score("word", "word").Rouge2.F1); // a single word has no pair
    }

    [Fact]
    public void Score_Stems_MakesFormsOfAWordEqual()
    {
        Assert.Equal(0, GoogleRouge.Score("running studies", "run study").Rouge1.F1);
        // "run" is short and stays, "running" loses its ending; "studies" and "study" both become "studi".
        AssertScore(1, 1, GoogleRouge.Score("running studies", "run study", stems: true).Rouge1);
        Assert.Equal(0, GoogleRouge.Score("dies", "die", stems: false).Rouge1.F1);
        AssertScore(1, 1, GoogleRouge.Score("dies", "die", stems: true).Rouge1);
        Assert.Equal(0, GoogleRouge.Score("was", "wa", stems: true).Rouge1.F1); // three characters: never stemmed
    }

    [Fact]
    public void Score_SeveralReferences_TakesTheBestForEachScore()
    {
        // Against the first: 2 of 2 words, no pair; against the second: 1 of 2 words precise... but a pair of one.
        RougeScores scores = GoogleRouge.Score("a b", ["b a", "x a b y z w"]);
        AssertScore(1, 1, scores.Rouge1);
        AssertScore(1, 1 / 5.0, scores.Rouge2);
        Assert.Throws<ArgumentException>(() => GoogleRouge.Score("a", []));
    }

    [Fact]
    public void ScoreGrams_AnyLength_CountsAsOftenAsBothHaveIt()
    {
        // Triples of "a b c a b c a b": abc, bca, cab, abc, bca, cab; of "a b c a b c": abc, bca, cab, abc. All four of the second are in the first.
        AssertScore(4 / 6.0, 1, GoogleRouge.ScoreGrams("a b c a b c a b", "a b c a b c", 3));
        Assert.Equal(0, GoogleRouge.ScoreGrams("a b", "a b", 3).F1);
        Assert.Throws<ArgumentOutOfRangeException>(() => GoogleRouge.ScoreGrams("a", "a", 0));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(400)]
    public void CommonSubsequence_RandomSequences_TakesThePlacesOfTheTable(int alphabet)
    {
        Random random = new(alphabet);
        var common = new CommonSubsequence(alphabet); // the same for all: nothing must be left of earlier rows
        int[] lengths = [0, 1, 2, 3, 17, 63, 64, 65, 127, 128, 129, 200];
        foreach (int rows in lengths)
        {
            foreach (int columns in lengths)
            {
                int[] a = [.. Enumerable.Range(0, rows).Select(_ => random.Next(alphabet))], b = [.. Enumerable.Range(0, columns).Select(_ => random.Next(alphabet))];
                bool[] marks = new bool[rows];
                common.SetRows(a);
                common.Mark(b, marks);
                Assert.Equal(Table(a, b), marks);
            }
        }
    }

    [Fact]
    public void Score_LongTexts_StaysFarFromQuadraticMemory()
    {
        Random random = new(3);
        string first = Text(), second = Text();
        GoogleRouge.Score(first[..100], second[..100]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RougeScores scores = GoogleRouge.Score(first, second);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(scores.RougeL.F1, 0.03, 0.04); // about 2 / √3,000 of the words
        Assert.Equal(scores.RougeL.F1, scores.RougeLsum.F1, Tolerance); // one line: the same subsequence, as long
        // A table of 20,000² cells would be 1.6 GB, of bits 50 MB.
        Assert.InRange(allocated, 1, 20_000_000);

        string Text() => string.Join(' ', Enumerable.Range(0, 20_000).Select(_ => $"w{random.Next(3_000)}"));
    }

    [Fact]
    public void Score_Null_NamesTheParameter()
    {
        Assert.Equal("prediction", Assert.Throws<ArgumentNullException>(() => GoogleRouge.Score(null!, "a")).ParamName);
        Assert.Equal("reference", Assert.Throws<ArgumentNullException>(() => GoogleRouge.Score("a", (string)null!)).ParamName);
    }

    private static void AssertScore(double precision, double recall, PrecisionRecall score)
    {
        Assert.Equal(precision, score.Precision, Tolerance);
        Assert.Equal(recall, score.Recall, Tolerance);
        Assert.Equal(2 * precision * recall / (precision + recall), score.F1, Tolerance);
    }

    /// <summary>The definition: all cells, then the way back, which on a mismatch goes in the columns only where that cell is larger.</summary>
    private static bool[] Table(int[] rows, int[] columns)
    {
        int[,] cells = new int[rows.Length + 1, columns.Length + 1];
        for (int i = 1; i <= rows.Length; i++)
        {
            for (int j = 1; j <= columns.Length; j++)
                cells[i, j] = rows[i - 1] == columns[j - 1] ? cells[i - 1, j - 1] + 1 : Math.Max(cells[i - 1, j], cells[i, j - 1]);
        }

        bool[] marks = new bool[rows.Length];
        for ((int i, int j) = (rows.Length, columns.Length); i > 0 && j > 0;)
        {
            if (rows[i - 1] == columns[j - 1])
            {
                marks[--i] = true;
                j--;
            }
            else if (cells[i, j - 1] > cells[i - 1, j])
            {
                j--;
            }
            else
            {
                i--;
            }
        }

        return marks;
    }
}
