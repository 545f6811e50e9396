using LongContext.Evaluation.Segmentation;

namespace LongContext.Evaluation.Metrics;

public sealed class LongBenchMetricsTests
{
    [Theory]
    [InlineData("The cat, sat.", "a cat sat", 1)]
    [InlineData("cat cat sat", "cat", 0.5)] // 1 of 3 said, 1 of 1 wanted
    [InlineData("", "", 0)]
    [InlineData("the", "the", 0)] // nothing is left of either
    [InlineData("İstanbul", "istanbul", 0)] // the lower-case dotted I is two code points
    [InlineData("ΟΔΟΣ", "οδος", 1)]
    public void QaF1_Words_CountAsBags(string prediction, string reference, double expected) =>
        Assert.Equal(expected, LongBenchMetrics.QaF1(prediction, reference), 1e-15);

    [Fact]
    public void QaF1_HalfSurrogateAfterSigma_Ends()
    {
        // The search for a cased letter went round here for ever.
        Assert.Equal(1, LongBenchMetrics.QaF1("ΑΣ.\udc00", "ΑΣ.\udc00"));
        Assert.Equal(1, LongBenchMetrics.QaF1("\ud83dΣ\u0301\udc00", "\ud83dΣ\u0301\udc00"));
    }

    [Fact]
    public void Classification_PartsOfTheRightClass_ArePassedOverEverySecond()
    {
        // Named: "ent", "entity", "Other entity". "ent" is a part and goes; "entity" moves to its place and is never looked at.
        Assert.Equal(0.5, LongBenchMetrics.Classification("Other entity", "Other entity", ["ent", "entity", "Other entity"]));
        // With another class between, both go.
        Assert.Equal(0.5, LongBenchMetrics.Classification("Other entity Food", "Other entity", ["ent", "Food", "entity", "Other entity"]));
        // Twice the right class counts twice; a class that is not named not at all.
        Assert.Equal(0.5, LongBenchMetrics.Classification("Food", "Food", ["Food", "Food", "Date"]));
        Assert.Equal(0, LongBenchMetrics.Classification("food", "Food", ["Food"]));
    }

    [Theory]
    [InlineData("Paragraph 7", "Paragraph 7", 1)]
    [InlineData("7 or 07", "Paragraph 7", 0.5)]
    [InlineData("none", "Paragraph 7", 0)]
    [InlineData("1 2 3 3", "x Paragraph Paragraph 3, Paragraph 1", 0.5)] // the first that has a number
    [InlineData("𝟛", "Paragraph 𝟛", 1)] // digits outside the first plane, as they are
    [InlineData("3", "Paragraph 𝟛", 0)]
    public void Retrieval_Numbers_AreComparedAsTexts(string prediction, string reference, double expected) =>
        Assert.Equal(expected, LongBenchMetrics.Retrieval(prediction, reference));

    [Fact]
    public void Retrieval_ReferenceWithoutParagraph_SaysWhatWasExpected()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => LongBenchMetrics.Retrieval("7", "段落7"));
        Assert.Contains("\"段落7\"", fault.Message, StringComparison.Ordinal);
        Assert.Contains("\"Paragraph \"", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => LongBenchMetrics.RetrievalChinese("7", "Paragraph 7"));
        Assert.Equal(1, LongBenchMetrics.RetrievalChinese("7", "段落7"));
    }

    [Theory]
    [InlineData("```python\nx = 1\ny", "x = 1", 1)]
    [InlineData("\n\nx = 1 # one\n// no\nx = 1", "x = 1", 1)]
    [InlineData("\r\nx = 1", "x = 1", 0)] // the first line is a carriage return
    [InlineData("# only", "", 1)]
    [InlineData("# only", "x", 0)]
    public void CodeSimilarity_Prediction_IsItsFirstLineOfCode(string prediction, string reference, double expected)
    {
        Assert.Equal(expected, LongBenchMetrics.CodeSimilarity(prediction, reference));
        Assert.Equal(expected, LongBenchMetrics.CodeSimilarity(prediction, reference, CodeSimilarityVariant.Levenshtein));
    }

    [Fact]
    public void CodeSimilarity_Variants_Differ()
    {
        // The first of the longest runs is the first x, with which nothing to its right matches: 2 · 1 / 10. The common subsequence "cx" has two.
        Assert.Equal(0.2, LongBenchMetrics.CodeSimilarity("xbcbbx", "caxa", CodeSimilarityVariant.Difflib));
        Assert.Equal(0.4, LongBenchMetrics.CodeSimilarity("xbcbbx", "caxa", CodeSimilarityVariant.Levenshtein));
        Assert.Throws<ArgumentOutOfRangeException>(() => LongBenchMetrics.CodeSimilarity("a", "b", (CodeSimilarityVariant)7));
    }

    [Fact]
    public void CodeSimilarity_Levenshtein_DividesAsTheOldPackage()
    {
        // 400 characters, 342 edits: 58 / 400 times 100 is 14.499999999999998; 1 − 342 / 400 would give 14.500000000000002.
        string prediction = new string('a', 29) + new string('b', 171), reference = new string('a', 29) + new string('c', 171);
        Assert.Equal(0.14, LongBenchMetrics.CodeSimilarity(prediction, reference, CodeSimilarityVariant.Levenshtein));
    }

    [Fact]
    public void Chinese_Segmenter_DecidesOnTheWords()
    {
        var characters = new CharacterSegmenter();
        Assert.Equal(["我", "😀", "。", "\ud83d"], characters.Segment("我😀。\ud83d"));
        Assert.Empty(characters.Segment(""));
        Assert.False(characters.IsComparable);
        Assert.Contains("not comparable", characters.Name, StringComparison.Ordinal);
        // Punctuation does not count: 2 of 2 said, 2 of 3 wanted.
        Assert.Equal(0.8, LongBenchMetrics.QaF1Chinese("我，们。", "我们好", characters), 1e-15);
        Assert.Equal(2 * (2 / 3.0) / (5 / 3.0 + 1e-8), LongBenchMetrics.RougeLChinese("我们", "我们好", characters), 1e-15);
        Assert.Equal("segmenter", Assert.Throws<ArgumentNullException>(() => LongBenchMetrics.QaF1Chinese("a", "b", null!)).ParamName);
    }

    [Theory]
    [InlineData("**The correct answer is (B)**", "B")]
    [InlineData("The correct answer is C. No: The correct answer is (D)", "D")] // brackets come first, wherever they stand
    [InlineData("The correct answer is Apple", "A")]
    [InlineData("The correct answer is (E), The correct answer is (A)", "A")]
    [InlineData("The correct answer is (AB)", null)]
    [InlineData("the correct answer is (A)", null)]
    [InlineData("The correct answer is ", null)]
    public void ExtractAnswer_Reply_GivesTheLetter(string response, string? expected) => Assert.Equal(expected, LongBenchV2Metrics.ExtractAnswer(response));

    [Fact]
    public void Accuracy_OfV2_HasOneDigit()
    {
        Assert.Equal(33.3, LongBenchV2Metrics.Accuracy(1, 3));
        Assert.Equal(56.2, LongBenchV2Metrics.Accuracy(9, 16)); // 56.25: to the even digit
        Assert.Throws<ArgumentOutOfRangeException>(() => LongBenchV2Metrics.Accuracy(0, 0));
    }
}
