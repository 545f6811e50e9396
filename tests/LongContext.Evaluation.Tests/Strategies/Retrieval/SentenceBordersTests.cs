namespace LongContext.Evaluation.Strategies.Retrieval;

public class SentenceBordersTests
{
    [Theory]
    [InlineData("One. Two! Three?", "One. |Two! |Three?")]
    [InlineData("He said \"No.\" Then he left.", "He said \"No.\" |Then he left.")]
    [InlineData("Mr. Smith met J. R. Jones, i.e. Bob, at 3.14 p.m. sharp. Then…", "Mr. Smith met J. R. Jones, i.e. Bob, at 3.14 p.m. sharp. |Then…")]
    [InlineData("a line\nthat goes on\nNext line\n\nnew paragraph", "a line\nthat goes on\n|Next line\n\n|new paragraph")]
    [InlineData("if x:\n    return 1", "if x:\n    |return 1")]
    [InlineData("你好。世界！「是。」对", "你好。|世界！|「是。」|对")]
    [InlineData("   ", "   ")]
    [InlineData("no end", "no end")]
    [InlineData("Wait... What?! Yes.", "Wait... |What?! |Yes.")]
    [InlineData("see fig. 3. The end", "see fig. 3. |The end")]
    public void Of_Text_EndsWhereSentencesDo(string text, string expected)
    {
        List<int> borders = SentenceBorders.Of(text);
        int start = 0;
        Assert.Equal(expected, string.Join('|', borders.Select(end => text[start..(start = end)])));
    }

    [Fact]
    public void Of_AnyText_CoversIt()
    {
        Assert.Empty(SentenceBorders.Of(string.Empty));
        for (int seed = 0; seed < 200; seed++)
        {
            string text = CuttingTokenizers.Text(seed, 50);
            List<int> borders = SentenceBorders.Of(text);
            Assert.Equal(borders.Distinct().Order(), borders);
            Assert.Equal(text.Length, borders[^1]);
            Assert.DoesNotContain(borders, border => border < text.Length && char.IsLowSurrogate(text[border]));
        }
    }
}
