using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

public sealed class PasskeyTaskTests
{
    [Theory]
    [MemberData(nameof(TestTokenizers.WithLengths), MemberType = typeof(TestTokenizers))]
    public void Create_DepthsAndLengths_HidesTheKeyOnceAtTheDepth(string tokenizerName, int tokenCount)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        string[] fillers = [.. PlainSentences.All.SelectMany(Words.Of)];
        int longestSentence = PlainSentences.All.Max(sentence => Words.Of(sentence).Length);
        PasskeyTask task = new();
        foreach (double depth in (double[])[0, 0.1, 0.5, 0.9, 1])
        {
            for (int seed = 0; seed < 5; seed++)
            {
                EvaluationItem item = task.Create(tokenizer, tokenCount, depth, seed);
                Assert.Matches("^[1-9][0-9]{4}$", item.Answer);
                Assert.Equal(item.Answer, string.Concat(item.Prompt.Text.Where(char.IsDigit)));
                string[] parts = item.Prompt.Text.Split("\n\n");
                Assert.Equal(3, parts.Length);
                Assert.EndsWith("The pass key is", parts[2], StringComparison.Ordinal);

                string needle = $"The pass key is {item.Answer}. Remember it.";
                int at = parts[1].IndexOf(needle, StringComparison.Ordinal);
                int before = Words.Of(parts[1][..at]).Length;
                int after = Words.Of(parts[1][(at + needle.Length)..]).Length;
                Assert.True(at == 0 || parts[1][..at].EndsWith(". ", StringComparison.Ordinal), "the key stands inside a sentence");
                Assert.Equal(depth * (before + after), before, (longestSentence / 2.0) + 0.5);
                if (depth == 0) Assert.Equal(0, before);
                if (depth == 1) Assert.Equal(0, after);
                Assert.EndsWith(".", parts[1], StringComparison.Ordinal);
                // A word may bring the full stop of the sentence it is cut from.
                RepetitionTaskTests.AssertLength(tokenizer, tokenCount, item, fillers.Select(word => word.TrimEnd('.') + "."));
            }
        }
    }

    [Fact]
    public void Create_SameSeed_SameItemAndOtherSeedsDiffer()
    {
        PasskeyTask task = new();
        EvaluationItem[] items = [.. Enumerable.Range(0, 40).Select(seed => task.Create(PieceTokenizer.Subword, 600, 0.5, seed))];
        Assert.Equal(items[5].Prompt, task.Create(PieceTokenizer.Subword, 600, 0.5, 5).Prompt);
        Assert.Equal(40, items.Select(item => item.Prompt.Text).Distinct().Count());
        Assert.Equal(40, items.Select(item => item.Answer).Distinct().Count());
    }

    [Theory]
    [InlineData(" 71432.", 1)]
    [InlineData("The pass key is 71432, remember", 1)]
    [InlineData("071432", 1)]
    [InlineData("7143", 0)]
    [InlineData("714321", 0)]
    [InlineData("1 71432", 0)]
    [InlineData("none", 0)]
    [InlineData("", 0)]
    public void Score_Output_TakesItsFirstInteger(string output, double expected) =>
        Assert.Equal(expected, PasskeyTask.FirstNumberScore(new EvaluationItem { Id = "", Prompt = new EvaluationPrompt(), Answers = ["71432"] }, output));

    [Fact]
    public void Create_OwnWords_AreUsed()
    {
        PasskeyTask task = new(new PasskeyTaskOptions { Sentences = ["la la la ."], Needle = "key {key}", Template = "{text} ?", DigitCount = 1 });
        EvaluationItem item = task.Create(PieceTokenizer.WordLevel, 11, 0.5, 2);
        Assert.Equal($"la la la . key {item.Answer} la la la . ?", item.Prompt.Text);
    }

    [Fact]
    public void Create_BadInput_Throws()
    {
        PasskeyTask task = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => task.Create(PieceTokenizer.WordLevel, 100, -0.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => task.Create(PieceTokenizer.WordLevel, 100, double.NaN, 1));
        Assert.Contains("more than 10 tokens", Assert.Throws<ArgumentException>(
            () => task.Create(PieceTokenizer.WordLevel, 10, 0.5, 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_SeveralFaults_NamesAll()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new PasskeyTask(
            new PasskeyTaskOptions { DigitCount = 0, Sentences = ["Room 7."], Template = "none", Needle = "none" }));
        foreach (string part in (string[])["DigitCount is 0", "\"Room 7.\"", "Template", "Needle"])
        {
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }
}
