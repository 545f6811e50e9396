using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Runs;

/// <summary>Models of one name that are not the same, and limits of one model's own.</summary>
public sealed class ModelIdentityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunAsync_SameNameAnotherIdentity_IsRefusedOrMeasuredAgain()
    {
        using TemporaryFolder folder = new();
        ScriptedClient before = RunModels.Echo(), after = new(_ => "other");
        EchoTask task = new("a", 5);
        await RunAsync(ChangedSettings.Refuse, RunModels.Of(before) with { Identity = "step 100" });
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(() => RunAsync(ChangedSettings.Refuse, RunModels.Of(after) with { Identity = "step 200" }));
        Assert.Contains("step 100", fault.Message, StringComparison.Ordinal);
        Assert.Contains("step 200", fault.Message, StringComparison.Ordinal);
        EvaluationReport report = await RunAsync(ChangedSettings.MeasureAgain, RunModels.Of(after) with { Identity = "step 200" });
        // Neither results nor answers of the model before.
        Assert.Equal((0.0, 5), (report.Tasks[0].Mean, after.Asked.Count));

        Task<EvaluationReport> RunAsync(ChangedSettings onChanged, EvaluationModel model) =>
            new EvaluationRunner(new EvaluationRunOptions { Folder = folder.Path, OnChangedSettings = onChanged }).RunAsync([model], [task], cancellationToken: Token);
    }

    [Fact]
    public void FindIdentity_NoneGiven_IsWhatTheClientSaysWithoutKeys()
    {
        EvaluationModel model = RunModels.Of(new KnownClient(new ChatClientMetadata("openai", new Uri("https://user:secret@host:8080/v1?key=secret"), "gpt")));
        Assert.Equal("openai https://host:8080/v1 gpt", model.FindIdentity());
        Assert.Equal("mine", (model with { Identity = "mine" }).FindIdentity());
        Assert.Equal(string.Empty, RunModels.Of(RunModels.Echo()).FindIdentity());
        Assert.Equal("openai", RunModels.Of(new KnownClient(new ChatClientMetadata("openai", new Uri("/v1", UriKind.Relative)))).FindIdentity());
    }

    [Fact]
    public async Task FindAsync_NamelessClientWithAFolder_IsRefused()
    {
        using TemporaryFolder folder = new();
        EffectiveContextOptions options = new() { Tasks = [new SlopeTask("a", 5)], MaximumLength = 2_000, Run = new EvaluationRunOptions { Folder = folder.Path } };
        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(
            () => EffectiveContext.FindAsync(SlopeTask.Client(1, (_, _) => 1), PieceTokenizer.WordLevel, options, cancellationToken: Token));
        Assert.Contains("Folder", fault.Message, StringComparison.Ordinal);
        Assert.Contains("EvaluationModel with a Name and an Identity", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task RunAsync_ModelWithALimitOfItsOwn_IsAskedThatManyAtOnce()
    {
        int now = 0, most = 0;
        WaitingClient client = new(async question =>
        {
            int current = Interlocked.Increment(ref now);
            lock (this) most = Math.Max(most, current);
            await Task.Delay(5, Token);
            Interlocked.Decrement(ref now);
            return EchoTask.Answer(question);
        });
        await new EvaluationRunner(new EvaluationRunOptions { RequestsAtOnce = 6 }).RunAsync([RunModels.Of(client) with { RequestsAtOnce = 1 }], [new EchoTask("a", 20)], cancellationToken: Token);
        Assert.Equal(1, most);
        await new EvaluationRunner(new EvaluationRunOptions { RequestsAtOnce = 1 }).RunAsync([RunModels.Of(client) with { RequestsAtOnce = 24 }], [new EchoTask("a", 60)], cancellationToken: Token);
        // As many items are worked on as requests are made.
        Assert.InRange(most, 9, 24);
        Assert.Throws<ArgumentOutOfRangeException>(() => RunModels.Of(client) with { RequestsAtOnce = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => RunModels.Of(client) with { TokensPerMinute = 0 });
    }

    [Theory]
    [InlineData(null, 50, 50)]
    [InlineData(500, 50, 50)]
    [InlineData(200, 5_000, 56)] // 200 less 128 new tokens and 16 reserved
    public async Task RunAsync_TaskWithALimitOfItsOwn_StrategiesKnowIt(int? window, int limit, int expected)
    {
        EchoTask task = new("a", 1) { Change = item => item with { Prompt = item.Prompt with { Truncation = PromptTruncation.Middle.AtMost(limit).AtMost(limit + 7) } } };
        EvaluationModel model = RunModels.Of(RunModels.Echo()) with { ContextLength = window, TemplateTokens = 16 };
        EvaluationReport report = await new EvaluationRunner().RunAsync([model], [task], [new CuttingStrategy()], cancellationToken: Token);
        Assert.Equal(expected, report.Items[0].Details["room"]);
    }

    [Theory]
    [InlineData("window")]
    [InlineData("server")]
    public async Task RunAsync_JudgeOfTooSmallAWindow_FailsTheItemAndSaysWhose(string how)
    {
        EvaluationModel judge = how == "window"
            ? RunModels.Of(RunModels.Echo(), "judge") with { ContextLength = 100 }
            : RunModels.Of(new ScriptedClient(_ => throw new HttpRequestException("prompt is too long: 9 tokens > 8 maximum", null, System.Net.HttpStatusCode.BadRequest)), "judge");
        EvaluationReport report = await new EvaluationRunner().RunAsync([RunModels.Of(RunModels.Echo())], [new SecondOpinionTask(judge)], cancellationToken: Token);
        Assert.Equal(ItemStatus.Failed, report.Items[0].Status);
        Assert.Contains("judge", report.Items[0].Fault, StringComparison.Ordinal);
        // The model itself is asked the same way: then it is the item's length.
        report = await new EvaluationRunner().RunAsync([judge with { Name = "own" }], [new SecondOpinionTask(judge with { Name = "own" })], cancellationToken: Token);
        Assert.Equal(ItemStatus.TooLong, report.Items[0].Status);
    }

    [Fact]
    public async Task RunAsync_JudgeStopped_IsSaid()
    {
        EvaluationModel judge = RunModels.Of(new ScriptedClient(_ => throw new HttpRequestException("no key", null, System.Net.HttpStatusCode.Unauthorized)), "judge");
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { MaximumFailuresInARow = 1 }).RunAsync(
            [RunModels.Of(RunModels.Echo())], [new SecondOpinionTask(judge)], cancellationToken: Token);
        Assert.Contains("'judge'", Assert.Single(report.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_ClientWithAModelOfItsOwn_IsMeasuredAsThatModel()
    {
        using TemporaryFolder folder = new();
        ScriptedClient asked = SlopeTask.Client(1, (_, _) => 1);
        EvaluationModel own = RunModels.Of(new ScriptedClient(_ => "never asked"), "own") with { Identity = "weights 7", ContextLength = 3_000, ContinuesAnswers = true, TemplateTokens = 5 };
        EffectiveContextOptions options = new() { Tasks = [new SlopeTask("a", 64)], Run = new EvaluationRunOptions { Folder = folder.Path } };
        EffectiveContextResult result = await EffectiveContext.FindAsync(new OwningClient(asked, own), PieceTokenizer.Subword, options, cancellationToken: Token);
        Assert.Equal(("own", 2_995), (result.Model, result.Tasks[0].Length));
        Assert.NotEmpty(asked.Asked);
        Assert.Empty(result.Notes);
        string kept = File.ReadAllText(Path.Combine(folder.Path, "run.json"));
        Assert.Contains("weights 7", kept, StringComparison.Ordinal);
        Assert.Contains("continues answers True", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_FolderAndModelOfUnknownIdentity_IsSaid()
    {
        using TemporaryFolder folder = new();
        EvaluationModel model = RunModels.Of(RunModels.Echo());
        Assert.Contains("Identity", Assert.Single(await NotesAsync(model, folder.Path)), StringComparison.Ordinal);
        Assert.Empty(await NotesAsync(model with { Name = "known", Identity = "revision 1" }, folder.Path));
        Assert.Empty(await NotesAsync(model, null));

        async Task<IReadOnlyList<string>> NotesAsync(EvaluationModel one, string? path) =>
            (await new EvaluationRunner(new EvaluationRunOptions { Folder = path }).RunAsync([one], [new EchoTask("a", 1)], cancellationToken: Token)).Notes;
    }

    private sealed class OwningClient(IChatClient inner, EvaluationModel own) : DelegatingChatClient(inner)
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(EvaluationModel) ? own : base.GetService(serviceType, serviceKey);
    }

    private sealed class KnownClient(ChatClientMetadata known) : DelegatingChatClient(RunModels.Echo())
    {
        public override object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ChatClientMetadata) ? known : base.GetService(serviceType, serviceKey);
    }

    private sealed class SecondOpinionTask(EvaluationModel judge) : EvaluationTask
    {
        public override string Name => "opinion";

        public override string Identity => "opinion";

        public override IEnumerable<EvaluationItem> CreateItems(Microsoft.ML.Tokenizers.Tokenizer tokenizer) => [new EvaluationItem { Id = "0", Prompt = EvaluationPrompt.FromText("question"), Answers = [] }];

        public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
        {
            await session.AskOtherAsync(judge, item.Prompt, item.Settings, cancellationToken);
            return new ItemScore(1);
        }
    }
}
