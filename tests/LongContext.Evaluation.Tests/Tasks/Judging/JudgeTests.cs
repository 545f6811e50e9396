using LongContext.Evaluation.Support;

namespace LongContext.Evaluation.Tasks.Judging;

public sealed class JudgeTests
{
    private static readonly JudgeQuestion Question = new() { Question = "Who?", Reference = "Ada" };

    [Theory]
    [InlineData("Good. [[7]]", 7.0)]
    [InlineData("[[3]] was too low: [[8]]", 8.0)] // the last
    [InlineData("[[rating: 6.5 of 10]]", 6.5)] // the first number inside
    [InlineData("[[[5]]]", 5.0)]
    [InlineData("[[a\n4]]", 4.0)]
    [InlineData("[[𝟟]]", 7.0)] // Python's digits
    [InlineData("[[5]] [[good]]", null)] // the last has no number
    [InlineData("[[]]", null)]
    [InlineData("[[5] ]", null)]
    [InlineData("7", null)]
    [InlineData("[[5", null)]
    public void Read_Reply_TakesTheFirstNumberOfTheLastDoubleBrackets(string reply, double? expected) => Assert.Equal(expected, JudgeRating.Read(reply));

    [Fact]
    public async Task JudgeAsync_UnreadableReplies_AreAskedAgainAsOtherAttempts()
    {
        List<AnswerSettings> asked = [];
        string[] replies = ["no idea", "[[11]]", "[[9]]"];
        DirectSession session = new(Model("model"), (_, _, settings) =>
        {
            asked.Add(settings);
            return replies[settings.Attempt];
        });
        JudgeVerdict verdict = await new Judge(Model("judge")).JudgeAsync(session, Question, "Ada L.", TestContext.Current.CancellationToken);
        Assert.Equal((9.0, 0.9, 3, "[[9]]"), (verdict.Rating, verdict.Score, verdict.Attempts, verdict.Reply));
        Assert.Equal([0, 1, 2], asked.Select(settings => settings.Attempt));
        Assert.All(asked, settings => Assert.Equal((0.0, 4096), (settings.Temperature, settings.MaximumNewTokens)));
    }

    [Fact]
    public async Task JudgeAsync_NeverReadable_HasNoRating()
    {
        int asked = 0;
        DirectSession session = new(Model("model"), (_, _, _) => $"reply {++asked}");
        Judge judge = new(Model("judge"), options: new JudgeOptions { Attempts = 3 });
        JudgeVerdict verdict = await judge.JudgeAsync(session, Question, "x", TestContext.Current.CancellationToken);
        Assert.Equal((null, null, 3, "reply 3"), (verdict.Rating, verdict.Score, verdict.Attempts, verdict.Reply));
        Assert.Contains("from 1 to 10", verdict.Fault, StringComparison.Ordinal);
        EvaluationItem item = new() { Id = "1", Prompt = EvaluationPrompt.FromText("Who?"), Answers = ["Ada"] };
        InvalidOperationException fault = await Assert.ThrowsAnyAsync<InvalidOperationException>(async () => await judge.ScoreAsync(item, "x", session, TestContext.Current.CancellationToken));
        Assert.Contains("judge: 3 replies", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, 4_096)]
    [InlineData(100_000, 4_096)]
    [InlineData(2_000, 1_600)] // what prompt and template leave
    [InlineData(500, 4_096)] // too little for a rating: the run says that it does not fit
    public async Task JudgeAsync_WindowOfTheJudge_LimitsTheReply(int? window, int expected)
    {
        List<int> asked = [];
        DirectSession session = new(Model("model"), (_, prompt, settings) =>
        {
            asked.Add(settings.MaximumNewTokens);
            return "[[9]]";
        });
        EvaluationModel judge = Model("judge") with { ContextLength = window };
        await new Judge(judge).JudgeAsync(session, Question, "Ada L.", TestContext.Current.CancellationToken);
        if (expected == 1_600)
        {
            EvaluationPrompt prompt = JudgePrompt.Default.Fill(Question, "Ada L.");
            expected = 2_000 - judge.TemplateTokens - judge.Tokenizer.CountTokens(prompt.Text) - judge.Tokenizer.CountTokens(prompt.System!);
            Assert.InRange(expected, 256, 1_990);
        }

        Assert.Equal([expected], asked);
    }

    [Fact]
    public async Task JudgeAsync_PromptTooLongForTheJudge_IsNoFaultOfTheModel()
    {
        DirectSession session = new(Model("model"), (_, _, _) => throw new PromptTooLongException(9, 8));
        JudgeVerdict verdict = await new Judge(Model("judge")).JudgeAsync(session, Question, "x", TestContext.Current.CancellationToken);
        Assert.Null(verdict.Score);
        Assert.Contains("9 tokens", verdict.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScoreAsync_Item_AsksForItsQueryAndFirstAnswer()
    {
        string? prompt = null;
        DirectSession session = new(Model("model"), (who, asked, _) =>
        {
            Assert.Equal("judge", who.Name);
            prompt = asked.Text;
            return "[[10]]";
        });
        EvaluationItem item = new() { Id = "1", Prompt = new EvaluationPrompt { Context = "long", After = "after", Query = "the query" }, Answers = ["the needle"] };
        ItemScore score = await new Judge(Model("judge"), JudgePrompt.Needle).ScoreAsync(item, "said", session, TestContext.Current.CancellationToken);
        Assert.Equal((1, 10), (score.Value, score.Details["rating by judge"]));
        Assert.Equal("judge: [[10]]", score.Judged);
        foreach (string part in (string[])["the query", "the needle", "said"]) Assert.Contains(part, prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("long", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_BadOptions_NamesAll()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new Judge(Model("judge"), options: new JudgeOptions
        {
            LowestRating = double.NaN, HighestRating = 0, Attempts = 0, MaximumNewTokens = 0, Temperature = -1,
        }));
        foreach (string part in (string[])["LowestRating", "HighestRating", "Attempts", "MaximumNewTokens", "Temperature"]) Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_AnythingThatMatters_ChangesIt()
    {
        EvaluationModel model = Model("judge");
        string[] all =
        [
            new Judge(model).Identity, new Judge(Model("other")).Identity, new Judge(model, JudgePrompt.Needle).Identity, new Judge(model, new JudgePrompt(JudgePrompt.Default.Text)).Identity,
            new Judge(model, options: new JudgeOptions { Attempts = 4 }).Identity, new Judge(model, options: new JudgeOptions { HighestRating = 5 }).Identity,
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Equal(all[0], new Judge(model).Identity);
    }

    internal static EvaluationModel Model(string name) => new() { Name = name, Client = new ScriptedClient(_ => ""), Tokenizer = PieceTokenizer.Subword };
}
