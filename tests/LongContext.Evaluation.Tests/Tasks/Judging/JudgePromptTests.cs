using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Judging;

public sealed class JudgePromptTests
{
    private static readonly JudgeQuestion Question = new() { Question = "Q {answer}?", Reference = "R", Examples = [new("first", 3), new("second", 9.5)] };

    [Fact]
    public void Fill_NamedPlaces_AreFilledOnce()
    {
        JudgePrompt prompt = new("{{{question}}} {reference}: {examples}|{answer}", "be fair", "<{answer}={rating}>");
        EvaluationPrompt filled = prompt.Fill(Question, "{reference}");
        Assert.Equal("{Q {answer}?} R: <first=3><second=9.5>|{reference}", filled.Text);
        Assert.Equal("be fair", filled.System);
        Assert.Null(prompt.ExampleCount);
    }

    [Fact]
    public void Fill_PlacesWithoutNames_AreInTheOrderOfTheAuthorsFile()
    {
        JudgePrompt prompt = new("{}/{}/{}/[[{}]]/{}/[[{}]]/{}");
        Assert.Equal(2, prompt.ExampleCount);
        Assert.Equal("Q {answer}?/R/first/[[3]]/second/[[9.5]]/mine", prompt.Fill(Question, "mine").Text);
        Assert.Contains("1 rated answers, but the judge's prompt has places for 2", Assert.Throws<ArgumentException>(() => prompt.Fill(Question with { Examples = [new("x", 1)] }, "mine")).Message, StringComparison.Ordinal);
        Assert.Equal("Q {answer}?/R/mine", new JudgePrompt("{}/{}/{}").Fill(Question, "mine").Text);
    }

    [Fact]
    public void Default_Filled_HasEverything()
    {
        string text = JudgePrompt.Default.Fill(Question, "my answer").Text;
        foreach (string part in (string[])["Q {answer}?", "R\n", "first\n", "[[3]]", "second\n", "[[9.5]]", "my answer\n", "[[5]]"]) Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.EndsWith("Rating:", text, StringComparison.Ordinal);
        text = JudgePrompt.Needle.Fill(Question, "my answer").Text;
        Assert.Contains("my answer", text, StringComparison.Ordinal);
        Assert.DoesNotContain("first", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no place", "no place {answer}")]
    [InlineData("{answer} {other}", "{other}")]
    [InlineData("{answer} {}", "Some places have names")]
    [InlineData("{} {}", "2 places without a name")]
    [InlineData("{answer} {", "at character 10, a { is not closed")]
    [InlineData("} {answer}", "at character 1, a } closes nothing")]
    [InlineData("{an swer}", "There is a place {an swer}")]
    public void Constructor_BadText_SaysWhatIsWrong(string text, string part) =>
        Assert.Contains(part, Assert.Throws<ArgumentException>(() => new JudgePrompt(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_File_NamesItInFaults()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("judge").FullName, "prompt.txt");
        try
        {
            File.WriteAllText(path, "Frage: {} Antwort: {} → {}");
            JudgePrompt prompt = JudgePrompt.Load(path);
            Assert.Equal("Frage: Q {answer}? Antwort: R → a", prompt.Fill(Question, "a").Text);
            Assert.Contains("evaluating the quality", prompt.System, StringComparison.Ordinal);
            File.WriteAllText(path, "{} {}");
            Assert.StartsWith($"{path}: There are 2 places", Assert.Throws<DataFormatException>(() => JudgePrompt.Load(path)).Message, StringComparison.Ordinal);
            File.WriteAllBytes(path, [0x7B, 0xFF]);
            Assert.StartsWith($"{path}: ", Assert.Throws<DataFormatException>(() => JudgePrompt.Load(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }
}
