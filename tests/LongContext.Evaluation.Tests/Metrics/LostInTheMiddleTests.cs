namespace LongContext.Evaluation.Metrics;

public sealed class LostInTheMiddleTests
{
    [Theory]
    [InlineData("It was Wilhelm Conrad Röntgen, of course.", "Wilhelm Conrad Röntgen", 1)]
    [InlineData("the U.S.", "US", 1)] // punctuation goes and joins
    [InlineData("A cat on a mat", "cat on the mat", 1)] // articles go on both sides
    [InlineData("cats", "cat", 1)] // a part of a word is enough
    [InlineData("cat", "cats", 0)]
    [InlineData("", "cat", 0)]
    [InlineData("anything", "The", 1)] // nothing is left of the answer
    public void BestSubspanExactMatch_OneAnswer_IsContained(string prediction, string answer, double expected) =>
        Assert.Equal(expected, LostInTheMiddle.BestSubspanExactMatch(prediction, [answer]));

    [Fact]
    public void BestSubspanExactMatch_SeveralAnswers_OneIsEnough()
    {
        Assert.Equal(1, LostInTheMiddle.BestSubspanExactMatch("in 1901", ["1900", "1901"]));
        Assert.Equal(0, LostInTheMiddle.BestSubspanExactMatch("in 1902", ["1900", "1901"]));
        Assert.Equal(0, LostInTheMiddle.BestSubspanExactMatch("in 1902", []));
    }

    [Theory]
    [InlineData("It is ABC-1.\nReally", "abc-1", 1)]
    [InlineData("abc1", "abc-1", 0)]
    [InlineData("", "", 1)]
    public void KeyValueAccuracy_Value_IsContained(string prediction, string value, double expected) => Assert.Equal(expected, LostInTheMiddle.KeyValueAccuracy(prediction, value));

    [Theory]
    [InlineData(" Paris \nand more", "Paris")]
    [InlineData("\nParis", "")]
    [InlineData("Paris\r\nLyon", "Paris")]
    [InlineData("Paris", "Paris")]
    public void FirstLine_CutsAtTheFirstLineFeed(string output, string expected) => Assert.Equal(expected, LostInTheMiddle.FirstLine(output));

    [Theory]
    [InlineData("ΟΔΟΣ ΣΑΣ", "οδος σας")] // sigma at a word's end
    [InlineData("Σ", "σ")]
    [InlineData("İstanbul", "i\u0307stanbul")]
    [InlineData("ⅫΣ", "ⅻς")] // a Roman numeral is cased, though no letter
    [InlineData("ΑΣ1Σ ", "ας1σ")] // after a digit no letter stands before the sigma
    public void Normalize_Case_FollowsAllOfUnicode(string text, string expected) => Assert.Equal(expected, LostInTheMiddle.Normalize(text));

    [Fact]
    public void Normalize_ArticlesBesideOtherCharacters_DependOnTheEngine()
    {
        // A superscript belongs to a word in Python's re, and not in its regex module; a combining mark the other way round.
        Assert.Equal("a²", SquadNormalization.Normalize("a²", WordCharacters.PythonRe));
        Assert.Equal("²", SquadNormalization.Normalize("a²", WordCharacters.PythonRegex));
        Assert.Equal("\u0301", SquadNormalization.Normalize("a\u0301", WordCharacters.PythonRe));
        Assert.Equal("a\u0301", SquadNormalization.Normalize("a\u0301", WordCharacters.PythonRegex));
        // Letters outside the first plane are letters: the a is not alone.
        Assert.Equal("a𝒜", SquadNormalization.Normalize("a𝒜", WordCharacters.PythonRe));
        Assert.Equal("😀", SquadNormalization.Normalize("a😀", WordCharacters.PythonRe));
    }
}
