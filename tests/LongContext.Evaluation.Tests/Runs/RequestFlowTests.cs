using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Runs;

/// <summary>What becomes of a prompt on its way to the client, and of the answer on its way back.</summary>
public sealed class RequestFlowTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, PromptStyle.Chat)]
    [InlineData(true, PromptStyle.Chat)]
    [InlineData(true, PromptStyle.Completion)]
    public async Task RunAsync_AnswerPrefix_StandsWhereTheClientGoesOn(bool continues, PromptStyle style)
    {
        ScriptedClient client = new((_, _) => "x");
        EvaluationPrompt prompt = new() { System = "be brief", Before = "B ", Context = "C ", After = "A", AnswerPrefix = " so:", Style = style };
        ItemResult result = await OneAsync(RunModels.Of(client) with { ContinuesAnswers = continues }, prompt, new AnswerSettings());
        (IReadOnlyList<ChatMessage> messages, ChatOptions? options) = Assert.Single(client.Asked);
        bool asMessage = continues && style == PromptStyle.Chat;
        Assert.Equal(
            asMessage ? [("system", "be brief"), ("user", "B C A"), ("assistant", " so:")] : [("system", "be brief"), ("user", "B C A so:")],
            messages.Select(message => (message.Role.Value, message.Text)));
        Assert.Equal(asMessage, options!.AdditionalProperties?.ContainsKey(ChatOptionKeys.ContinueFinalMessage) ?? false);
        Assert.Equal(asMessage, options.AdditionalProperties?.TryGetValue(ChatOptionKeys.AddGenerationPrompt, out bool again) == true && !again);
        Assert.Equal(style == PromptStyle.Completion, options.AdditionalProperties?.ContainsKey(ChatOptionKeys.Completion) ?? false);
        Assert.Equal("B C A so:", result.Prompt);
    }

    [Fact]
    public async Task RunAsync_Settings_ReachTheClient()
    {
        ScriptedClient client = new((_, _) => "x");
        AnswerSettings settings = new() { MaximumNewTokens = 17, MinimumNewTokens = 2, Temperature = 0.5, TopP = 0.9, Seed = 42, StopSequences = ["\n"] };
        await OneAsync(RunModels.Of(client), EvaluationPrompt.FromText("q"), settings);
        ChatOptions options = client.Asked[0].Options!;
        Assert.Equal((17, 0.5f, 0.9f, 42L), (options.MaxOutputTokens, options.Temperature, options.TopP, options.Seed));
        Assert.Equal(2, options.AdditionalProperties![ChatOptionKeys.MinimumNewTokens]);
        // A server would end an answer that begins with one, so that it would be empty: there it is cut once it is here.
        Assert.Null(options.StopSequences);
        await OneAsync(RunModels.Of(client), EvaluationPrompt.FromText("q"), settings with { MinimumNewTokens = 0 });
        Assert.Equal(["\n"], client.Asked[1].Options!.StopSequences!);
    }

    [Theory]
    [InlineData("one\ntwo", 0, "one")]
    [InlineData("\none\ntwo", 0, "")]
    [InlineData("\none\ntwo", 1, "\none")]
    [InlineData("\n\nENDone\ntwo", 1, "\n\nENDone")]
    [InlineData("\n\n", 1, "\n\n")]
    [InlineData("one END two\n", 0, "one ")]
    [InlineData("none", 0, "none")]
    [InlineData("", 3, "")]
    public async Task RunAsync_StopSequences_EndAnswersOfClientsThatDoNotKnowThem(string answer, int minimum, string expected)
    {
        AnswerSettings settings = new() { StopSequences = ["\n", "END"], MinimumNewTokens = minimum };
        Assert.Equal(expected, (await OneAsync(RunModels.Of(new ScriptedClient(_ => answer)), EvaluationPrompt.FromText("q"), settings)).Answer);
    }

    [Fact]
    public async Task RunAsync_LongPrompt_IsCutToWhatIsLeftBesideAnswerAndTemplate()
    {
        ScriptedClient client = new(_ => "x");
        RecordingTruncation truncation = new();
        EvaluationPrompt prompt = new() { System = "one two", Context = string.Join(' ', Enumerable.Repeat("w", 500)), AnswerPrefix = "so it is:", Truncation = truncation };
        ItemResult result = await OneAsync(RunModels.Of(client) with { ContextLength = 100, TemplateTokens = 10 }, prompt, new AnswerSettings { MaximumNewTokens = 20 });
        // 100 less 20 for the answer, 10 for the template, 2 for the system message, 3 for the answer's beginning.
        Assert.Equal([65], truncation.Limits);
        Assert.True(result.Truncated);
        Assert.Equal("cut" + "so it is:", client.Asked[0].Messages[^1].Text);
    }

    [Fact]
    public async Task RunAsync_TooLongAndNotToBeCut_IsNotAsked()
    {
        ScriptedClient client = new(_ => "x");
        ItemResult result = await OneAsync(RunModels.Of(client) with { ContextLength = 300 }, EvaluationPrompt.FromText(string.Join(' ', Enumerable.Repeat("w", 500))), new AnswerSettings());
        Assert.Equal((ItemStatus.TooLong, null, 0), (result.Status, result.Score, result.Requests));
        Assert.Contains("500", result.Fault, StringComparison.Ordinal);
        ItemResult noRoom = await OneAsync(RunModels.Of(client) with { ContextLength = 100 }, EvaluationPrompt.FromText("w"), new AnswerSettings());
        Assert.Equal(ItemStatus.TooLong, noRoom.Status);
        Assert.Empty(client.Asked);
    }

    [Fact]
    public async Task RunAsync_Strategy_ShortensAndItsRequestsCount()
    {
        ScriptedClient client = new(question => question == "advice" ? "do so" : "x y");
        EvaluationPrompt prompt = new() { Before = "b ", Context = "c1 c2 c3 c4", After = " a" };
        ItemResult result = await OneAsync(
            RunModels.Of(client) with { ContextLength = 1_000, Price = new ModelPrice(1_000_000, 10_000_000) }, prompt, new AnswerSettings { MaximumNewTokens = 36 }, new CuttingStrategy(2) { Asks = true });
        Assert.Equal(["advice", "b c1 c2 a"], client.Asked.Select(asked => asked.Messages[^1].Text));
        Assert.Equal((2, 900), (result.Details["kept"], result.Details["room"]));
        Assert.Equal((2, 5L, 4L, 45m), (result.Requests, result.InputTokens, result.OutputTokens, result.Cost));
        Assert.Equal("b c1 c2 a", result.Prompt);
    }

    [Fact]
    public async Task RunAsync_UsageFromTheClient_IsTaken()
    {
        UsageClient client = new();
        ItemResult result = await OneAsync(RunModels.Of(client), EvaluationPrompt.FromText("q"), new AnswerSettings());
        Assert.Equal((1_000L, 50L, null), (result.InputTokens, result.OutputTokens, result.Cost));
    }

    [Fact]
    public async Task RunAsync_Judge_IsKeptAndCountedLikeTheModel()
    {
        ScriptedClient judged = new(_ => "an answer"), judging = new(_ => "7");
        EvaluationModel judge = RunModels.Of(judging, "judge") with { Price = new ModelPrice(0, 1_000_000) };
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(judged) with { Price = new ModelPrice(0, 0) }], [new JudgedTask(judge)], cancellationToken: Token);
        ItemResult result = Assert.Single(report.Items);
        Assert.Equal((0.7, 2, 1m, "an answer", "7", "q"), (result.Score!.Value, result.Requests, result.Cost!.Value, result.Answer, result.Judged, result.Prompt));
    }

    [Fact]
    public async Task RunAsync_LongPrompts_AreKeptShortened()
    {
        string text = "start" + string.Concat(Enumerable.Repeat("😀", 10_000)) + "end";
        EvaluationRunOptions options = new() { PromptCharacters = 100 };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(new ScriptedClient(_ => "x"))], [Task(EvaluationPrompt.FromText(text), new AnswerSettings())], cancellationToken: Token);
        string kept = report.Items[0].Prompt!;
        Assert.StartsWith("start😀", kept, StringComparison.Ordinal);
        Assert.EndsWith("😀end", kept, StringComparison.Ordinal);
        Assert.InRange(kept.Length, 100, 140);
        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(kept)));
    }

    private static EchoTask Task(EvaluationPrompt prompt, AnswerSettings settings) => new("a", 1) { Change = item => item with { Prompt = prompt, Settings = settings } };

    private static async Task<ItemResult> OneAsync(EvaluationModel model, EvaluationPrompt prompt, AnswerSettings settings, IContextStrategy? strategy = null) =>
        Assert.Single((await new EvaluationRunner().RunAsync([model], [Task(prompt, settings)], strategy is null ? null : [strategy], cancellationToken: Token)).Items);

    private sealed class RecordingTruncation : PromptTruncation
    {
        public List<int> Limits { get; } = [];

        public override string Name => "recording";

        public override EvaluationPrompt Fit(EvaluationPrompt prompt, Microsoft.ML.Tokenizers.Tokenizer tokenizer, int maximumTokens)
        {
            Limits.Add(maximumTokens);
            return prompt with { Context = "cut" };
        }
    }

    private sealed class JudgedTask(EvaluationModel judge) : EvaluationTask
    {
        public override string Name => "judged";

        public override string Identity => "judged";

        public override IEnumerable<EvaluationItem> CreateItems(Microsoft.ML.Tokenizers.Tokenizer tokenizer) => [new EvaluationItem { Id = "0", Prompt = EvaluationPrompt.FromText("q"), Answers = [] }];

        public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
        {
            ModelResponse response = await session.AskAsync(item.Prompt, item.Settings, cancellationToken);
            ModelResponse verdict = await session.AskOtherAsync(judge, EvaluationPrompt.FromText(response.Text), item.Settings, cancellationToken);
            return new ItemScore(int.Parse(verdict.Text, System.Globalization.CultureInfo.InvariantCulture) / 10.0) { Judged = verdict.Text };
        }
    }

    private sealed class UsageClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            System.Threading.Tasks.Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, "x")) { Usage = new UsageDetails { InputTokenCount = 1_000, OutputTokenCount = 50 } });

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
