using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;

namespace LongContext.Evaluation.Runs;

/// <summary>Clients and folders that say what cannot be.</summary>
public sealed class HostileClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1L)]
    [InlineData(long.MinValue)]
    [InlineData(2_000_000_000L)]
    [InlineData(1_000_000_000_000_000_000L)]
    [InlineData(long.MaxValue)]
    public async Task RunAsync_CountsThatCannotBe_AreNotBelievedAndStallNobody(long tokens)
    {
        FakeTime time = new();
        UsageClient client = new(tokens);
        EvaluationReport report = await time.PassUntilAsync(
            new EvaluationRunner(new EvaluationRunOptions { TokensPerMinute = 100_000, RequestsAtOnce = 1, TimeProvider = time }).RunAsync(
                [RunModels.Of(client) with { Price = new ModelPrice(1, 1) }], [new EchoTask("a", 12)], cancellationToken: Token),
            TimeSpan.FromMinutes(30));
        Assert.Equal(12, report.Tasks[0].Scored);
        Assert.InRange(time.Now, TimeSpan.Zero, TimeSpan.FromMinutes(30));
        Assert.All(report.Items, item => Assert.InRange(item.InputTokens, 1, 10));
        Assert.All(report.Items, item => Assert.InRange(item.OutputTokens, 1, 10));
    }

    [Fact]
    public async Task Leave_CountFarAboveWhatWasReserved_OthersWaitMinutesNotHours()
    {
        FakeTime time = new();
        using ModelGate gate = new(RunModels.Of(RunModels.Echo()), new EvaluationRunOptions { TokensPerMinute = 10_000, TimeProvider = time });
        await gate.EnterAsync(1_000, Token);
        gate.Leave(1_000, long.MaxValue);
        Task next = gate.EnterAsync(1, Token).AsTask();
        time.Advance(TimeSpan.FromMinutes(8));
        await next.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_ClientThatIgnoresCancellation_TimesOutAndIsAskedAgain(bool blocks)
    {
        using ManualResetEventSlim never = new();
        DeafClient client = new(blocks ? never : null);
        EvaluationRunOptions options = new()
        {
            RequestTimeout = TimeSpan.FromMilliseconds(30), RetryDelay = TimeSpan.FromMilliseconds(1), MaximumRetryDelay = TimeSpan.FromMilliseconds(4),
        };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(client)], [new EchoTask("a", 2)], cancellationToken: Token);
        never.Set();
        Assert.All(report.Items, item => Assert.Equal((null, 1.0), (item.Fault, item.Score)));
        Assert.Equal(3, client.Asked);
    }

    [Fact]
    public async Task RunAsync_EndlessStream_EndsAsAFault()
    {
        EvaluationRunOptions options = new() { Streaming = true, MaximumTries = 1 };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(new EndlessClient())], [new EchoTask("a", 1)], cancellationToken: Token);
        Assert.Contains("more than", report.Items[0].Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"score\":1", "\"score\":null")]
    [InlineData("\"details\":{}", "\"details\":null")]
    [InlineData("\"status\":\"scored\"", "\"status\":7")]
    [InlineData("\"references\":[\"answer a 0\"]", "\"references\":[null]")]
    [InlineData("\"requests\":1", "\"requests\":-1")]
    [InlineData("\"strategy\":\"full context\"", "\"strategy\":null")]
    public async Task RunAsync_ResultThatCannotBe_IsMeasuredAgain(string from, string to)
    {
        using TemporaryFolder folder = new();
        EvaluationRunOptions options = new() { Folder = folder.Path };
        ScriptedClient client = RunModels.Echo();
        await new EvaluationRunner(options).RunAsync([RunModels.Of(client) with { Identity = "1" }], [new EchoTask("a", 3)], cancellationToken: Token);
        Rewrite(folder[ResultJournal.FileName], from, to);
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(client) with { Identity = "1" }], [new EchoTask("a", 3)], cancellationToken: Token);
        Assert.Equal((3, 1.0), (report.Tasks[0].Scored, report.Tasks[0].Mean));
        Assert.Contains("damaged", Assert.Single(report.Notes), StringComparison.Ordinal);
        Assert.Equal(3, client.Asked.Count);
        Assert.NotEmpty(report.ToMarkdown());
    }

    [Theory]
    [InlineData("\"seconds\":0", "\"seconds\":\"NaN\"")]
    [InlineData("\"seconds\":0", "\"seconds\":1e300")]
    [InlineData("\"inputTokens\":3", "\"inputTokens\":-3")]
    [InlineData("\"text\":\"answer a 0\"", "\"text\":null")]
    public async Task RunAsync_AnswerThatCannotBe_IsAskedAgain(string from, string to)
    {
        using TemporaryFolder folder = new();
        EvaluationRunOptions options = new() { Folder = folder.Path, TimeProvider = new FakeTime() };
        ScriptedClient client = RunModels.Echo();
        await new EvaluationRunner(options).RunAsync([RunModels.Of(client) with { Identity = "1" }], [new EchoTask("a", 3)], cancellationToken: Token);
        File.Delete(folder[ResultJournal.FileName]);
        int changed = Rewrite(folder[ResponseStore.FileName], from, to);
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(client) with { Identity = "1" }], [new EchoTask("a", 3)], cancellationToken: Token);
        Assert.Equal(1, report.Tasks[0].Mean);
        Assert.Equal(3 + changed, client.Asked.Count);
    }

    [Fact]
    public async Task RunAsync_RunFileWithANull_SaysWhichFile()
    {
        using TemporaryFolder folder = new();
        EvaluationRunner runner = new(new EvaluationRunOptions { Folder = folder.Path });
        await runner.RunAsync([RunModels.Of(RunModels.Echo())], [new EchoTask("a", 1)], cancellationToken: Token);
        string path = folder[RunSettings.FileName], text = File.ReadAllText(path);
        File.WriteAllText(path, text.Replace("\"echo 1\"", "null", StringComparison.Ordinal));
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(
            () => runner.RunAsync([RunModels.Of(RunModels.Echo())], [new EchoTask("a", 1)], cancellationToken: Token));
        Assert.Contains(RunSettings.FileName, fault.Message, StringComparison.Ordinal);
        Assert.Contains("tasks.a", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprint_InAnotherCulture_IsTheSame()
    {
        EchoTask task = new("a", 3) { Change = item => item with { Settings = new AnswerSettings { Temperature = 0.5, TopP = 0.25, Seed = -5 } } };
        string before = RunSettings.Fingerprint(task.CreateItems(PieceTokenizer.WordLevel).First());
        System.Globalization.CultureInfo own = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            System.Globalization.CultureInfo other = (System.Globalization.CultureInfo)System.Globalization.CultureInfo.InvariantCulture.Clone();
            (other.NumberFormat.NumberDecimalSeparator, other.NumberFormat.NegativeSign) = (",", "−");
            System.Globalization.CultureInfo.CurrentCulture = other;
            Assert.Equal(before, RunSettings.Fingerprint(task.CreateItems(PieceTokenizer.WordLevel).First()));
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = own;
        }
    }

    /// <summary>Writes the first line that has a text anew with another, and a checksum that fits.</summary>
    private static int Rewrite(string path, string from, string to)
    {
        string[] lines = File.ReadAllLines(path);
        int place = Array.FindIndex(lines, line => line.Contains(from, StringComparison.Ordinal));
        Assert.True(place >= 0, $"no line has {from}: {lines[0]}");
        File.Delete(path);
        using LineFile file = LineFile.Open(path, "key", TimeProvider.System, (_, _) => { });
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i][..lines[i].LastIndexOf(",\"checksum\"", StringComparison.Ordinal)] + "}";
            file.Append(System.Text.Encoding.UTF8.GetBytes(i == place ? line.Replace(from, to, StringComparison.Ordinal) : line));
        }

        return 1;
    }

    private sealed class UsageClient(long tokens) : DelegatingChatClient(RunModels.Echo())
    {
        public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            ChatResponse response = await base.GetResponseAsync(messages, options, cancellationToken);
            response.Usage = new UsageDetails { InputTokenCount = tokens, OutputTokenCount = tokens };
            return response;
        }
    }

    /// <summary>Never answers the first time, whatever it is told.</summary>
    private sealed class DeafClient(ManualResetEventSlim? blocks) : DelegatingChatClient(RunModels.Echo())
    {
        private int asked;

        public int Asked => Volatile.Read(ref asked);

        public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref asked) > 1) return base.GetResponseAsync(messages, options, CancellationToken.None);
            blocks?.Wait(CancellationToken.None);
            return new TaskCompletionSource<ChatResponse>().Task;
        }
    }

    private sealed class EndlessClient() : DelegatingChatClient(RunModels.Echo())
    {
        public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            string piece = new('x', 1 << 16);
            while (true)
            {
                await Task.Yield();
                yield return new ChatResponseUpdate(ChatRole.Assistant, piece);
            }
        }
    }
}
