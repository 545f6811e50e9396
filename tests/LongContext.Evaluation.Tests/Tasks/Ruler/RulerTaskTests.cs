using System.Globalization;
using System.Text.RegularExpressions;
using LongContext.TestSupport;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>What must hold of every item, whatever the seed, the length and the tokenizer.</summary>
public sealed class RulerTaskTests
{
    public static TheoryData<string, string, int> Cases()
    {
        TheoryData<string, string, int> cases = [];
        foreach (string task in Ruler.Names)
        {
            foreach (string tokenizer in (string[])["word", "subword", "bpe"])
            {
                foreach (int length in (int[])[512, 1_024, 4_096, 8_192, 32_768])
                {
                    // Too short for a list of words with its example; and a bpe of hardly more than letters has no room for a question with a long name in it.
                    if (length < 4_096 && (tokenizer == "bpe" || (task is "cwe" && length < 1_024))) continue;
                    if (task == "cwe" && tokenizer == "bpe" && length == 4_096) continue;
                    cases.Add(task, tokenizer, length);
                }
            }

            cases.Add(task, "character", 8_192);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void CreateItems_AnyLength_HoldsTheLengthAndTheTasksDefinition(string name, string tokenizerName, int length)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        int samples = length >= 32_768 ? 2 : length >= 4_096 ? 4 : 12;
        RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { ItemsPerLength = samples, Seed = length }, name));
        EvaluationItem[] items = [.. task.CreateItems(tokenizer, length)];
        Assert.Equal(samples, items.Length);
        Assert.Equal(samples, items.Select(item => item.Prompt.Text).Distinct().Count());
        foreach (EvaluationItem item in items)
        {
            int tokens = tokenizer.CountTokens(item.Prompt.Text + item.Prompt.AnswerPrefix);
            Assert.Equal(tokens, item.PromptTokenCount);
            Assert.InRange(tokens + item.Settings.MaximumNewTokens + 64, length - (length / 100), length);
            Assert.Equal((length, length.ToString(CultureInfo.InvariantCulture)), (item.Length!.Value, item.Group));
            RulerChecks.Check(name, item);
            Assert.Equal(1, task.Score(item, "They are: " + string.Join(", ", item.Answers).ToUpperInvariant()).Value);
            Assert.Equal(0, task.Score(item, "I do not know.").Value);
        }
    }

    [Theory]
    [InlineData("niah_single_2")]
    [InlineData("niah_multikey_3")]
    [InlineData("cwe")]
    [InlineData("qa_2")]
    [Trait("Category", "Slow")]
    public void CreateItems_128K_HoldsTheLengthAndTheTasksDefinition(string name)
    {
        SlowTests.SkipUnlessAsked();
        CreateItems_AnyLength_HoldsTheLengthAndTheTasksDefinition(name, "subword", 131_072);
    }

    /// <summary>The same with the tokenizers of models that people measure.</summary>
    [Theory]
    [InlineData("llama2", 4_096)]
    [InlineData("llama3_1", 4_096)]
    [InlineData("qwen3", 4_096)]
    [InlineData("llama3_1", 1_024)]
    [InlineData("llama3_1", 16_384)]
    public void CreateItems_TokenizersOfModels_HoldTheLengthAndTheTasksDefinition(string tokenizerName, int length)
    {
        Tokenizer tokenizer = HuggingFaceTokenizer.Load(TestPaths.RequireShared("tokenizers", tokenizerName));
        foreach (RulerTask task in Ruler.Create(new RulerOptions { ItemsPerLength = 2 }))
        {
            if (length < 2_048 && task.Name == "ruler/cwe") continue;
            foreach (EvaluationItem item in task.CreateItems(tokenizer, length))
            {
                int tokens = tokenizer.CountTokens(item.Prompt.Text + item.Prompt.AnswerPrefix);
                Assert.Equal(tokens, item.PromptTokenCount);
                Assert.InRange(tokens + item.Settings.MaximumNewTokens + 64, length - (length / 100), length);
                RulerChecks.Check(task.Name[6..].Replace("-generated", "", StringComparison.Ordinal), item);
            }
        }
    }

    [Fact]
    public void CreateItems_LongLengths_CountsTheTextAFewTimesOnly()
    {
        Dictionary<string, double> times = Ruler.Create(new RulerOptions { ItemsPerLength = 1 }).ToDictionary(task => task.Name, task =>
        {
            CountingTokenizer tokenizer = new(TestTokenizers.Get("subword"));
            EvaluationItem item = Assert.Single(task.CreateItems(tokenizer, 32_768));
            return (double)tokenizer.Characters / item.Prompt.Text.Length;
        });
        Assert.True(times.Values.All(count => count is > 1 and < 4.5), string.Join("; ", times.Select(pair => $"{pair.Key} {pair.Value:0.00}")));
    }

    [Fact]
    public void CreateItems_ManyOfThem_AreMadeWhenAskedFor()
    {
        CountingTokenizer tokenizer = new(TestTokenizers.Get("word"));
        foreach (RulerTask task in Ruler.Create())
        {
            IEnumerable<EvaluationItem> items = task.CreateItems(tokenizer);
            Assert.Equal(0, tokenizer.Characters);
            Assert.Equal(4_096, items.First().Length);
            Assert.InRange(tokenizer.Characters, 1, 500_000);
            tokenizer.Characters = 0;
        }
    }

    [Fact]
    public void Create_SameSeed_IsTheSameItemInAnyOrderAndOtherSeedsDiffer()
    {
        Tokenizer tokenizer = TestTokenizers.Get("subword");
        IReadOnlyList<RulerTask> tasks = Ruler.Create(new RulerOptions { ItemsPerLength = 3 }), again = Ruler.Create(new RulerOptions { ItemsPerLength = 3 });
        IReadOnlyList<RulerTask> others = Ruler.Create(new RulerOptions { ItemsPerLength = 3, Seed = 43 });
        for (int i = 0; i < tasks.Count; i++)
        {
            EvaluationItem[] items = [.. tasks[i].CreateItems(tokenizer, 4_096)];
            EvaluationItem last = again[i].Create(tokenizer, 4_096, 2);
            Assert.Equal((items[2].Prompt, items[2].Id), (last.Prompt, last.Id));
            Assert.Equal(tasks[i].Identity, again[i].Identity);
            Assert.NotEqual(tasks[i].Identity, others[i].Identity);
            Assert.NotEqual(items[2].Prompt.Text, others[i].Create(tokenizer, 4_096, 2).Prompt.Text);
        }
    }

    /// <summary>Fixes the items: a change here makes figures of two versions incomparable.</summary>
    [Fact]
    public void Create_TheSeedOfTheScript_IsTheSameInEveryVersion()
    {
        string[] found = [.. Ruler.Create().Select(task => $"{task.Name} {ItemHash.Of(task.Create(PieceTokenizer.Subword, 4_096, 7))}")];
        Assert.Equal(Golden, found);
    }

    private static readonly string[] Golden =
    [
        "ruler/niah_single_1 c03e89787162bf23",
        "ruler/niah_single_2 e9eaf4c86de59a3a",
        "ruler/niah_single_3 de8da52237a11cc7",
        "ruler/niah_multikey_1 6e4458f81d1b424a",
        "ruler/niah_multikey_2 cb4341b0acc77f5a",
        "ruler/niah_multikey_3 9c0fa5609cfeaf06",
        "ruler/niah_multivalue 3833119e655beee4",
        "ruler/niah_multiquery dec58edea79c75d0",
        "ruler/vt 7e4aefc23e7ae74e",
        "ruler/cwe 389ebf0a64fc54e0",
        "ruler/fwe 0b5e9b525641111c",
        "ruler/qa_1-generated 1ba48417e9f8d664",
        "ruler/qa_2-generated 32f8a612e921745e",
    ];

    [Fact]
    public void Create_WordsOfThePrompts_AreTheScripts()
    {
        Dictionary<string, EvaluationItem> items = Ruler.Create().ToDictionary(task => task.Name[6..], task => task.Create(PieceTokenizer.WordLevel, 4_096, 0));
        EvaluationItem single = items["niah_single_1"];
        Assert.Equal("A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the number afterwards.\n", single.Prompt.Before);
        Assert.Matches("^\nWhat is the special magic number for [a-z]+-[a-z]+ mentioned in the provided text\\?$", single.Prompt.After);
        Assert.Matches("^ The special magic number for [a-z]+-[a-z]+ mentioned in the provided text is$", single.Prompt.AnswerPrefix);
        EvaluationItem query = items["niah_multiquery"];
        Assert.Equal("Some special magic numbers are hidden within the following text. Make sure to memorize it. I will quiz you about the numbers afterwards.\n", query.Prompt.Before);
        Assert.Matches("^\nWhat are all the special magic numbers for ([a-z]+-[a-z]+, ){3}and [a-z]+-[a-z]+ mentioned in the provided text\\?$", query.Prompt.After);
        Assert.Matches("^ Answer: According to the chain\\(s\\) of variable assignment in the text above, 5 variables are assigned the value [0-9]{5}, they are: $", items["vt"].Prompt.AnswerPrefix);
        Assert.Equal(" Answer: The top 10 words that appear most often in the list are:", items["cwe"].Prompt.AnswerPrefix);
        Assert.EndsWith("three most frequently appeared words in the above coded text?", items["fwe"].Prompt.After, StringComparison.Ordinal);
        Assert.StartsWith("Answer the question based on the given documents.", items["qa_1-generated"].Prompt.Before, StringComparison.Ordinal);
        Assert.Equal(" Answer:", items["qa_1-generated"].Prompt.AnswerPrefix);
        Assert.Equal(
            [128, 128, 128, 128, 128, 128, 128, 128, 30, 120, 50, 32, 32], Ruler.Create().Select(task => items[task.Name[6..]].Settings.MaximumNewTokens));
        Assert.All(items.Values, item => Assert.Equal((0, "none"), (item.Settings.Temperature, item.Prompt.Truncation.Name)));
    }

    [Fact]
    public void Create_DepthsOfManyItems_GoFromTheBeginningToTheEnd()
    {
        foreach (string name in (string[])["niah_single_1", "niah_single_2", "niah_multikey_2", "qa_1"])
        {
            RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { ItemsPerLength = 200, TemplateTokens = 0 }, name));
            double[] depths = [.. task.CreateItems(PieceTokenizer.WordLevel, 700).Select(item => item.Depth!.Value)];
            Assert.InRange(depths.Average(), 0.42, 0.58);
            Assert.InRange(depths.Min(), 0, 0.05);
            Assert.InRange(depths.Max(), 0.95, 1);
        }
    }

    [Fact]
    public void Create_NeedlesDepth_IsWhereItStands()
    {
        RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { ItemsPerLength = 40 }, "niah_single_2"));
        foreach (EvaluationItem item in task.CreateItems(PieceTokenizer.WordLevel, 4_096))
        {
            int at = item.Prompt.Context.IndexOf("One of the special magic", StringComparison.Ordinal);
            Assert.Equal(item.Depth!.Value, at / (double)item.Prompt.Context.Length, 0.02);
        }
    }

    [Fact]
    public void Create_FrequentWordsOfShortLengths_NeverTie()
    {
        RulerTask task = Assert.Single(Ruler.Create(new RulerOptions { TemplateTokens = 0 }, "fwe"));
        for (int length = 160; length < 300; length++) RulerChecks.Check("fwe", task.Create(PieceTokenizer.WordLevel, length, 0));
    }

    [Fact]
    public void Create_WithoutSolvedExamples_FitsShorterLengths()
    {
        RulerOptions options = new() { ItemsPerLength = 2, SolvedExamples = false, TemplateTokens = 0 };
        foreach (RulerTask task in Ruler.Create(options, "vt", "cwe"))
        {
            foreach (EvaluationItem item in task.CreateItems(PieceTokenizer.Subword, 512))
            {
                Assert.Single(Regex.Matches(item.Prompt.Text, "Question:"));
                Assert.InRange(item.PromptTokenCount!.Value + item.Settings.MaximumNewTokens, 507, 512);
            }
        }
    }

    [Fact]
    public void CreateItems_TooShort_SaysHowMuchIsNeeded()
    {
        foreach (RulerTask task in Ruler.Create())
        {
            ArgumentException fault = Assert.ThrowsAny<ArgumentException>(() => task.CreateItems(PieceTokenizer.CharacterLevel, 300).First());
            Assert.Contains("expected a length that holds", fault.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => task.CreateItems(PieceTokenizer.WordLevel, 0));
        }
    }

    [Fact]
    public void Create_FaultyOptions_NamesAll()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => Ruler.Create(
            new RulerOptions { Lengths = [0, 5, 5], ItemsPerLength = 0, TemplateTokens = -1, CommonWords = ["a b", "c", "C"] }));
        foreach (string part in (string[])["holds 0", "holds 5 twice", "ItemsPerLength is 0", "TemplateTokens is -1", "\"a b\"", "has 3 words", "a word twice"])
            Assert.Contains(part, fault.Message, StringComparison.Ordinal);
        Assert.Contains("\"niah\"", Assert.Throws<ArgumentException>(() => Ruler.Create("niah")).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Throws<ArgumentException>(() => Ruler.Create("vt", "ruler/vt")).Message, StringComparison.Ordinal);
        Assert.Contains("no name", Assert.Throws<ArgumentException>(() => Ruler.Create(new RulerOptions(), [])).Message, StringComparison.Ordinal);
        Assert.Equal(["ruler/vt", "ruler/cwe"], Ruler.Create("ruler/vt", "cwe").Select(task => task.Name));
    }

    private sealed class CountingTokenizer(Tokenizer inner) : Tokenizer
    {
        public long Characters { get; set; }

        public override System.Buffers.OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) => throw new NotSupportedException();

        protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
        {
            string whole = text ?? textSpan.ToString();
            Characters += whole.Length;
            return new EncodeResults<EncodedToken> { Tokens = inner.EncodeToTokens(whole, out _), CharsConsumed = whole.Length };
        }
    }
}
