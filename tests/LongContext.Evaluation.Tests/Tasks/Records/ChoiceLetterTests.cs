using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Records;

public sealed class ChoiceLetterTests
{
    private static readonly string[] Cities = ["Rome", "Paris", "New York", "York"];

    [Theory]
    [InlineData("B", "B")]
    [InlineData(" b ", "B")]
    [InlineData("(B)", "B")]
    [InlineData("[c].", "C")]
    [InlineData("**B**", "B")]
    [InlineData("\"B\"", "B")]
    [InlineData("`D`", "D")]
    [InlineData("$\\boxed{C}$", "C")]
    [InlineData("So we get $\\boxed{\\text{C}}$.", "C")]
    [InlineData("B) Paris", "B")]
    [InlineData("B. Paris, because of A", "B")]
    [InlineData("(b) Paris", "B")]
    [InlineData("B: Paris", "B")]
    [InlineData("B\nIt is the capital.", "B")]
    [InlineData("The answer is B.", "B")]
    [InlineData("The correct answer is (C)", "C")]
    [InlineData("The correct answer is **C**, not A.", "C")]
    [InlineData("The answer is B because it is.", "B")]
    [InlineData("The answer is A because it is.", "A")]
    [InlineData("First I thought the answer is A. But the answer is D.", "D")]
    [InlineData("Answer: (B)", "B")]
    [InlineData("answer:\n\nB", "B")]
    [InlineData("Answer = B", "B")]
    [InlineData("The answer is option C.", "C")]
    [InlineData("I would go for option B here.", "B")]
    [InlineData("Let us see.\n\nC", "C")]
    [InlineData("Paris", "B")]
    [InlineData("It must be paris!", "B")]
    [InlineData("It is New York.", "C")]
    [InlineData("york", "D")]
    [InlineData("Answer: A city of many, Paris", "B")]
    [InlineData("Answer: Paris", "B")]
    public void Read_WaysOfSayingIt_FindsTheLetter(string answer, string expected) => Assert.Equal(expected, ChoiceLetter.Read(answer, Cities));

    [Theory]
    [InlineData("")]
    [InlineData("E")]
    [InlineData("(E) London")]
    [InlineData("A city in Italy.")]
    [InlineData("I do not know.")]
    [InlineData("Rome or Paris")]
    [InlineData("It may be option A or option B.")]
    [InlineData("Parisians like it")]
    [InlineData("The answer is unknown")]
    public void Read_NothingOrSeveral_GivesNull(string answer) => Assert.Null(ChoiceLetter.Read(answer, Cities));

    [Fact]
    public void Read_FewerChoices_KnowsNoFurtherLetters()
    {
        Assert.Null(ChoiceLetter.Read("The answer is C.", ["yes", "no"]));
        Assert.Equal("A", ChoiceLetter.Read("Yes.", ["yes", "no"]));
        Assert.Equal("Z", ChoiceLetter.Read("z", [.. Enumerable.Range(0, 26).Select(i => $"text {i}")]));
    }

    [Fact]
    public void Read_LongAnswer_TakesNoTimeToSpeakOf()
    {
        // Nothing in the patterns goes back and forth: this would not end.
        string text = string.Concat(Enumerable.Repeat("the answer is the choice option ((((\"\"\"", 20_000));
        Assert.Null(ChoiceLetter.Read(text, Cities));
    }

    [Fact]
    public void Read_BadInput_Throws()
    {
        Assert.Contains("There are 0 choices, expected 1 to 26.", Assert.Throws<ArgumentException>(() => ChoiceLetter.Read("A", [])).Message, StringComparison.Ordinal);
        Assert.Contains("There are 27 choices", Assert.Throws<ArgumentException>(() => ChoiceLetter.Read("A", new string[27])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ChoiceLetter.Of(26));
        Assert.Equal("Z", ChoiceLetter.Of(25));
    }
}
