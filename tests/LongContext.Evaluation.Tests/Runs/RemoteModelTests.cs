using System.Text;
using System.Text.Json.Nodes;
using LongContext.Evaluation.Support;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace LongContext.Evaluation.Runs;

/// <summary>The real client of OpenAI's protocol against a server that fails in every way.</summary>
public sealed class RemoteModelTests
{
    private static readonly EvaluationRunOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), MaximumRetryDelay = TimeSpan.FromMilliseconds(4) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static MatrixTheoryData<string, bool> Faults() => new(
        ["429", "429 with Retry-After", "500", "503", "408", "cut answer", "ended stream", "garbage", "truncated JSON", "HTML", "no choices", "no message", "an array", "a text",
            "choices of another shape", "a message of another shape"], [false, true]);

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task RunAsync_ServerFailsTwiceForEachItem_NothingIsLostOrMixedUp(string fault, bool streaming)
    {
        using StubServer server = new(request => request.Number < 2 ? Faulty(fault, EchoTask.Answer(request.Text)) : new StubReply(EchoTask.Answer(request.Text)));
        EvaluationRunOptions options = new() { RetryDelay = Quick.RetryDelay, MaximumRetryDelay = Quick.MaximumRetryDelay, Streaming = streaming };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(server.Client())], [new EchoTask("a", 12)], cancellationToken: Token);

        bool fails = streaming || fault != "ended stream";
        Assert.All(report.Items, item => Assert.Equal((null, ItemStatus.Scored, 1.0), (item.Fault, item.Status, item.Score!.Value)));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"answer a {i}"), report.Items.Select(item => item.Answer));
        Assert.Equal(12, server.Answered.Distinct().Count());
        Assert.Equal(fails ? 36 : 12, server.Asked.Count);
        Assert.InRange(server.MostAtOnce, 1, 4);
    }

    [Fact]
    public async Task RunAsync_RetryAfter_AllRequestsToTheModelWait()
    {
        FakeTime time = new();
        List<TimeSpan> asked = [];
        using StubServer server = new(request =>
        {
            // Whichever item comes first.
            lock (asked)
            {
                asked.Add(time.Now);
                if (asked.Count == 1) return StubReply.Error(429, "slow_down", "Retry-After: 90");
            }

            return new StubReply(EchoTask.Answer(request.Text));
        });
        EvaluationRunOptions options = new() { RequestsAtOnce = 1, TimeProvider = time };
        EvaluationReport report = await time.PassUntilAsync(
            new EvaluationRunner(options).RunAsync([RunModels.Of(server.Client())], [new EchoTask("a", 5)], cancellationToken: Token), TimeSpan.FromMinutes(5));
        Assert.All(report.Items, item => Assert.Equal(1, item.Score));
        // The first one heard it; of the others at most those that had a place already went on.
        Assert.Equal(TimeSpan.Zero, asked[0]);
        Assert.Equal(6, asked.Count);
        Assert.All(asked.Skip(1), each => Assert.True(each >= TimeSpan.FromSeconds(90), $"asked at {each}"));
    }

    [Fact]
    public async Task RunAsync_RetryAfterLongerThanAllowed_FailsAtOnce()
    {
        using StubServer server = new(_ => StubReply.Error(429, "slow_down", "Retry-After: 4000"));
        EvaluationReport report = await new EvaluationRunner(Quick).RunAsync([RunModels.Of(server.Client())], [new EchoTask("a", 1)], cancellationToken: Token);
        Assert.Equal(ItemStatus.Failed, report.Items[0].Status);
        Assert.Contains("429", report.Items[0].Fault, StringComparison.Ordinal);
        Assert.EndsWith("The server asks to wait 01:06:40, longer than MaximumRetryAfter, 00:10:00.", report.Items[0].Fault, StringComparison.Ordinal);
        Assert.Single(server.Asked);
    }

    [Fact]
    public async Task RunAsync_ServerHangs_TimesOutAndAsksAgain()
    {
        using StubServer server = new(request => new StubReply(EchoTask.Answer(request.Text)) { Hangs = request.Number == 0 });
        EvaluationRunOptions options = new() { RequestTimeout = TimeSpan.FromMilliseconds(400), RetryDelay = Quick.RetryDelay, MaximumRetryDelay = Quick.MaximumRetryDelay };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(server.Client())], [new EchoTask("a", 4)], cancellationToken: Token);
        Assert.All(report.Items, item => Assert.Equal((null, 1.0), (item.Fault, item.Score)));
    }

    [Fact]
    public async Task RunAsync_WrongKey_StopsAskingAndSaysSo()
    {
        using StubServer server = new(_ => StubReply.Error(401, "invalid_api_key"));
        using StubServer other = new(request => new StubReply(EchoTask.Answer(request.Text)));
        EchoTask task = new("a", 500);
        EvaluationReport report = await new EvaluationRunner(Quick).RunAsync(
            [RunModels.Of(server.Client(), "wrong"), RunModels.Of(other.Client(), "right")], [task], cancellationToken: Token);
        // The eighth failure is counted before its place is free; three more requests may be on their way then.
        Assert.InRange(server.Asked.Count, 8, 8 + 3);
        Assert.Equal(2, report.Notes.Count);
        Assert.All(report.Notes, note => Assert.Contains("'wrong'", note, StringComparison.Ordinal));
        Assert.Contains("401", report.Notes[0], StringComparison.Ordinal);
        Assert.Equal(500, report.Tasks[1].Scored);
        Assert.Equal(0, report.Tasks[0].Scored);
        Assert.InRange(report.Tasks[0].Failed, 8, 24);
    }

    [Fact]
    public async Task RunAsync_OneBadRequest_OnlyThatItemFailsAtOnce()
    {
        using StubServer server = new(request => request.Text.EndsWith(" 3", StringComparison.Ordinal) ? StubReply.Error(400, "content_filter")
            : request.Text.EndsWith(" 4", StringComparison.Ordinal) ? StubReply.Error(400, "context_length_exceeded")
            : new StubReply(EchoTask.Answer(request.Text)));
        EvaluationReport report = await new EvaluationRunner(Quick).RunAsync([RunModels.Of(server.Client())], [new EchoTask("a", 30)], cancellationToken: Token);
        Assert.Equal(30, server.Asked.Count);
        Assert.Equal(ItemStatus.Failed, report.Items[3].Status);
        Assert.Contains("content_filter", report.Items[3].Fault, StringComparison.Ordinal);
        Assert.Equal(ItemStatus.TooLong, report.Items[4].Status);
        Assert.Equal((28, 1, 1), (report.Tasks[0].Scored, report.Tasks[0].Failed, report.Tasks[0].TooLong));
        Assert.Empty(report.Notes);
    }

    [Fact]
    public async Task RunAsync_NobodyListens_FailsWithTheReason()
    {
        Uri address;
        using (StubServer server = new(_ => new StubReply(string.Empty))) address = server.Address;
        EvaluationRunOptions options = new() { MaximumTries = 2, RetryDelay = Quick.RetryDelay, MaximumRetryDelay = Quick.MaximumRetryDelay, MaximumFailuresInARow = 3 };
        EvaluationReport report = await new EvaluationRunner(options).RunAsync([RunModels.Of(StubServer.ClientOf(address))], [new EchoTask("a", 200)], cancellationToken: Token);
        Assert.Contains("refused", report.Notes[0], StringComparison.Ordinal);
        Assert.Contains("never asked", report.Notes[1], StringComparison.Ordinal);
        Assert.InRange(report.Items.Count, 3, 20);
    }

    [Fact]
    public async Task RunAsync_ClientRetriesByItself_TriesMultiply()
    {
        using StubServer server = new(_ => StubReply.Error(500, "error", "retry-after-ms: 1"));
        EvaluationRunOptions options = new() { MaximumTries = 2, RetryDelay = Quick.RetryDelay, MaximumRetryDelay = Quick.MaximumRetryDelay };
        await new EvaluationRunner(options).RunAsync([RunModels.Of(server.Client(ownRetries: 2))], [new EchoTask("a", 1)], cancellationToken: Token);
        Assert.Equal(6, server.Asked.Count);
    }

    /// <summary>The way that <see cref="EvaluationModel.ContinuesAnswers"/> describes for servers that want to be told.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_AnswerGoneOnWith_ServerIsToldThroughTheRawOptions(bool wrapped)
    {
        List<JsonNode> bodies = [];
        using StubServer server = new(request =>
        {
            lock (bodies) bodies.Add(request.Body);
            return new StubReply("42");
        });
        IChatClient client = server.Client();
        if (wrapped) client = new RawOptionsClient(client);
        EchoTask task = new("a", 1) { Change = item => item with { Prompt = item.Prompt with { AnswerPrefix = "The answer is" } } };
        await new EvaluationRunner(Quick).RunAsync([RunModels.Of(client) with { ContinuesAnswers = true }], [task], cancellationToken: Token);
        JsonNode body = Assert.Single(bodies);
        Assert.Equal("assistant", (string?)body["messages"]![1]!["role"]);
        Assert.Equal(wrapped, (bool?)body["continue_final_message"] ?? false);
        Assert.Equal(wrapped ? false : null, (bool?)body["add_generation_prompt"]);
        Assert.Equal(128, (int?)body["max_completion_tokens"]);
    }

    private static StubReply Faulty(string fault, string answer) => fault switch
    {
        "429" => StubReply.Error(429, "rate_limit_exceeded"),
        "429 with Retry-After" => StubReply.Error(429, "rate_limit_exceeded", "retry-after-ms: 3"),
        "500" => StubReply.Error(500),
        "503" => StubReply.Error(503),
        "408" => StubReply.Error(408),
        "cut answer" => new StubReply(answer) { ShareUntilCut = 0.6 },
        "ended stream" => new StubReply(answer) { PiecesUntilEnd = 2 },
        "garbage" => new StubReply(answer) { Body = "\u0001garbage" },
        "truncated JSON" => new StubReply(answer) { Body = "{\"id\": \"1\", \"choices\": [" },
        "HTML" => new StubReply(answer) { Body = "<html><body>Bad gateway</body></html>" },
        "no choices" => new StubReply(answer) { Body = """{"id":"1","object":"chat.completion","created":1,"model":"stub","choices":[]}""" },
        "an array" => new StubReply(answer) { Body = "[]" },
        "a text" => new StubReply(answer) { Body = "\"down\"" },
        "choices of another shape" => new StubReply(answer) { Body = """{"id":"1","object":"chat.completion","created":1,"model":"stub","choices":{"a":1}}""" },
        "a message of another shape" => new StubReply(answer) { Body = """{"id":"1","object":"chat.completion","created":1,"model":"stub","choices":[{"index":0,"finish_reason":"stop","message":[1]}]}""" },
        "no message" => new StubReply(answer) { Body = """{"id":"1","object":"chat.completion","created":1,"model":"stub"}""" },
        _ => throw new ArgumentOutOfRangeException(nameof(fault)),
    };

    private sealed class RawOptionsClient(IChatClient inner) : DelegatingChatClient(inner)
    {
        public override Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            options!.RawRepresentationFactory = _ =>
            {
#pragma warning disable SCME0001 // how the package lets fields be added that it does not know
                ChatCompletionOptions raw = new();
                foreach ((string name, object? value) in options.AdditionalProperties ?? []) raw.Patch.Set(Encoding.UTF8.GetBytes("$." + name), BinaryData.FromObjectAsJson(value));
#pragma warning restore SCME0001
                return raw;
            };
            return base.GetResponseAsync(messages, options, cancellationToken);
        }
    }
}
