using System.Globalization;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

public sealed class RepetitionTaskTests
{
    [Theory]
    [MemberData(nameof(TestTokenizers.WithLengths), MemberType = typeof(TestTokenizers))]
    public void Create_LastWords_AnswersWithTheTextsLastWordsAtTheLengthAskedFor(string tokenizerName, int tokenCount)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        RepetitionTask task = new();
        for (int seed = 0; seed < 20; seed++)
        {
            EvaluationItem item = task.Create(tokenizer, tokenCount, seed);
            int count = int.Parse(item.Properties["count"], CultureInfo.InvariantCulture);
            Assert.InRange(count, 1, 99);
            Assert.StartsWith($"Return last {count} words from this text: \n\n", item.Prompt.Text, StringComparison.Ordinal);
            string text = item.Prompt.Text[(item.Prompt.Text.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
            Assert.Equal(RepetitionTask.LastWords(text, count), item.Answer);
            Assert.Equal(count, Words.Of(item.Answer).Length);
            AssertLength(tokenizer, tokenCount, item, PlainWords.All);
        }
    }

    [Theory]
    [MemberData(nameof(TestTokenizers.WithLengths), MemberType = typeof(TestTokenizers))]
    public void Create_AfterMarker_AnswersWithTheWordsAfterIt(string tokenizerName, int tokenCount)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        RepetitionTask task = new(new RepetitionTaskOptions { Form = RepetitionForm.AfterMarker, MinimumCount = 4, MaximumCount = 16 });
        foreach (double depth in (double[])[0, 0.25, 0.5, 1])
        {
            for (int seed = 0; seed < 5; seed++)
            {
                EvaluationItem item = task.Create(tokenizer, tokenCount, seed, depth);
                int count = int.Parse(item.Properties["count"], CultureInfo.InvariantCulture);
                string marker = item.Properties["marker"];
                Assert.InRange(count, 4, 16);
                string[] text = Words.Of(item.Prompt.Text[(item.Prompt.Text.IndexOf("\n\n", StringComparison.Ordinal) + 2)..]);
                int at = Array.IndexOf(text, marker);
                Assert.Equal(at, Array.LastIndexOf(text, marker));
                Assert.Equal(string.Join(' ', text.Skip(at + 1).Take(count)), item.Answer);
                Assert.Equal(count, Words.Of(item.Answer).Length);
                Assert.Equal(depth * (text.Length - 1 - count), at, 0.5);
                Assert.Contains($"\"{marker}\"", item.Prompt.Text, StringComparison.Ordinal);
                AssertLength(tokenizer, tokenCount, item, PlainWords.All);
            }
        }
    }

    [Fact]
    public void Create_WordLevel_HitsTheLengthExactly()
    {
        for (int tokenCount = 120; tokenCount < 160; tokenCount++)
        {
            Assert.Equal(tokenCount, new RepetitionTask().Create(PieceTokenizer.WordLevel, tokenCount, 3).PromptTokenCount);
        }
    }

    [Fact]
    public void Create_OwnLanguage_AsksAToyModelInIt()
    {
        RepetitionTask task = new(new RepetitionTaskOptions
        {
            Form = RepetitionForm.AfterMarker,
            Words = [.. Enumerable.Range(0, 500).Select(i => $"w{i}")],
            Marker = "<m>",
            MinimumCount = 16,
            MaximumCount = 16,
            Template = "{text} <ask> {marker}",
        });
        EvaluationItem item = task.Create(PieceTokenizer.WordLevel, 256, 1, depth: 0);
        string[] words = item.Prompt.Text.Split(' ');
        Assert.Equal(256, words.Length);
        Assert.Equal("<m>", words[0]);
        Assert.Equal(["<ask>", "<m>"], words[^2..]);
        Assert.Equal(string.Join(' ', words[1..17]), item.Answer);
        Assert.Equal(2, words.Count(word => word == "<m>"));
    }

    [Fact]
    public void Create_SameSeed_SameItemAndOtherSeedsDiffer()
    {
        RepetitionTask task = new(new RepetitionTaskOptions { Form = RepetitionForm.AfterMarker });
        EvaluationItem[] items = [.. Enumerable.Range(0, 50).Select(seed => task.Create(PieceTokenizer.Subword, 500, seed))];
        EvaluationItem again = task.Create(PieceTokenizer.Subword, 500, 7);
        Assert.Equal((items[7].Prompt, items[7].Answer, items[7].Depth), (again.Prompt, again.Answer, again.Depth));
        Assert.Equal(50, items.Select(item => item.Prompt.Text).Distinct().Count());
        Assert.Equal(50, items.Select(item => item.Depth).Distinct().Count());
        Assert.InRange(items.Select(item => item.Properties["count"]).Distinct().Count(), 25, 50);
    }

    [Fact]
    public void Create_SeedOne_IsTheSameOnEveryMachine()
    {
        // Fixes the random stream: a change here changes every published score.
        EvaluationItem item = new RepetitionTask().Create(PieceTokenizer.WordLevel, 60, 1);
        Assert.Equal("16", item.Properties["count"]);
        Assert.StartsWith("pebble stove porch cork park street ", item.Answer, StringComparison.Ordinal);
        Assert.EndsWith(" brass elbow turtle garage", item.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_TextShorterThanTheCount_AsksForFewerWords()
    {
        RepetitionTask task = new();
        for (int seed = 0; seed < 50; seed++)
        {
            EvaluationItem item = task.Create(PieceTokenizer.WordLevel, 20, seed);
            Assert.InRange(Words.Of(item.Answer).Length, 1, 20 - 7);
            Assert.Equal(20, item.PromptTokenCount);
        }
    }

    [Fact]
    public void Create_TargetTooShort_NamesIt()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new RepetitionTask().Create(PieceTokenizer.WordLevel, 7, 1));
        Assert.Contains("more than 7 tokens", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new RepetitionTask(new RepetitionTaskOptions { MinimumCount = 50, MaximumCount = 50 })
            .Create(PieceTokenizer.WordLevel, 50, 1));
    }

    [Fact]
    public void Create_DepthWithoutMarkerOrOutOfRange_Throws()
    {
        Assert.Throws<ArgumentException>(() => new RepetitionTask().Create(PieceTokenizer.WordLevel, 100, 1, depth: 0.5));
        RepetitionTask marked = new(new RepetitionTaskOptions { Form = RepetitionForm.AfterMarker });
        Assert.Throws<ArgumentOutOfRangeException>(() => marked.Create(PieceTokenizer.WordLevel, 100, 1, depth: 1.01));
        Assert.Throws<ArgumentOutOfRangeException>(() => marked.Create(PieceTokenizer.WordLevel, 100, 1, depth: double.NaN));
    }

    [Fact]
    public void Create_TokenizerThatCountsNothing_Throws() =>
        Assert.Throws<ArgumentException>(() => new RepetitionTask().Create(new PieceTokenizer("[0-9]"), 100, 1));

    [Fact]
    public void Constructor_SeveralFaults_NamesAll()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new RepetitionTask(new RepetitionTaskOptions
        {
            Words = ["a", "a", "b c"],
            MinimumCount = 5,
            MaximumCount = 4,
            Template = "{count} {marker}",
        }));
        foreach (string part in (string[])["\"b c\"", "a word twice", "MaximumCount is 4", "{text}", "{marker}"])
        {
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Scores_OneWordWrong_DifferByUnit()
    {
        EvaluationItem item = new() { Id = "", Prompt = new EvaluationPrompt(), Answers = ["oak elm ash fir"] };
        Assert.Equal(1, RepetitionTask.CharacterScore(item, "oak elm ash fir"));
        Assert.Equal(1, RepetitionTask.WordScore(item, " oak elm\nash  fir "));
        Assert.Equal(0.75, RepetitionTask.WordScore(item, "oak elm ask fir"), 1e-12);
        Assert.Equal(1 - (2 / 30.0), RepetitionTask.CharacterScore(item, "oak elm ask fir"), 1e-12);
        Assert.Equal(0, RepetitionTask.CharacterScore(item, string.Empty));
        Assert.Equal(3, RepetitionTask.WordCountDifference(item, "oak"));
    }

    [Fact]
    public void PlainWords_All_AreDifferentLowerCaseWords()
    {
        Assert.InRange(PlainWords.All.Count, 500, 600);
        Assert.Equal(PlainWords.All.Count, PlainWords.All.Distinct().Count());
        Assert.All(PlainWords.All, word => Assert.All(word, letter => Assert.InRange(letter, 'a', 'z')));
    }

    internal static void AssertLength(Tokenizer tokenizer, int tokenCount, EvaluationItem item, IEnumerable<string> words)
    {
        Assert.Equal(tokenizer.CountTokens(item.Prompt.Text), item.PromptTokenCount);
        int longest = words.Max(word => tokenizer.CountTokens(" " + word));
        Assert.InRange(item.PromptTokenCount!.Value, tokenCount - longest + 1, tokenCount);
    }
}
