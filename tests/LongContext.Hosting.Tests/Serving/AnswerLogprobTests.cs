using System.Text.Json.Nodes;
using LongContext.AspNetCore.Serving;
using LongContext.Hosting.Support;
using Microsoft.Extensions.DependencyInjection;

namespace LongContext.Hosting.Serving;

/// <summary>How many log-probabilities the answers of one request, and of all together, may come to.</summary>
public sealed class AnswerLogprobTests : IClassFixture<EngineServerTests.Folder>
{
    private readonly ByteModel model;

    public AnswerLogprobTests(EngineServerTests.Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/chat/completions", """ "logprobs":true,"top_logprobs":4,"max_tokens":20 """, null)]
    [InlineData("/v1/chat/completions", """ "logprobs":true,"top_logprobs":4,"max_tokens":21 """, "105")]
    [InlineData("/v1/chat/completions", """ "logprobs":true,"top_logprobs":4,"max_tokens":10,"n":3 """, "150")]
    [InlineData("/v1/chat/completions", """ "logprobs":false,"max_tokens":200 """, null)]
    [InlineData("/v1/chat/completions", """ "logprobs":true,"max_tokens":101,"stream":true """, "101")]
    [InlineData("/v1/completions", """ "prompt":"a","logprobs":0,"max_tokens":100 """, null)]
    [InlineData("/v1/completions", """ "prompt":["a","b"],"logprobs":1,"max_tokens":26 """, "104")]
    [InlineData("/v1/completions", """ "prompt":"abc","echo":true,"logprobs":1,"max_tokens":0 """, null)]
    public async Task Logprobs_MoreThanOneRequestMayHave_AreRefusedByTheField(string path, string body, string? asked)
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(), limits => limits.MaximumAnswerLogprobs = 100);
        string messages = path.Contains("chat", StringComparison.Ordinal) ? """ "messages":[{"role":"user","content":"x"}], """ : "";
        (int status, JsonNode answer) = await server.PostAsync(path, TestServer.Json($$"""{{{messages}}{{body}}}"""));
        Assert.Equal((asked is null ? 200 : 400, asked is null ? null : "logprobs"), (status, (string?)answer["error"]?["param"]));
        if (asked is not null) Assert.Contains($"'logprobs' asks for up to {asked} log-probabilities", (string?)answer["error"]!["message"], StringComparison.Ordinal);
    }

    /// <summary>Without a length an answer may be as long as window and memory leave.</summary>
    [Theory]
    [InlineData("", 300)]
    [InlineData(",\"max_tokens\":-1", 300)]
    [InlineData(",\"max_tokens\":5", 10)]
    public async Task Logprobs_OfAnAnswerWithoutALength_CountWhatMemoryLeaves(string length, int least)
    {
        await using TestServer server = await TestServer.StartAsync(
            model.Load(ByteModel.Engine with { CacheTokens = 128 }), limits => (limits.MaximumAnswerLogprobs, limits.MaximumAnswerLogprobsTogether) = (least, least));
        foreach ((int alternatives, int status) in new[] { (1, 200), (2, 400) })
        {
            // 129 tokens of prompt and answer, of which the prompt has one at least.
            (int found, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", $$""","logprobs":true,"top_logprobs":{{alternatives}}{{length}}"""));
            Assert.True(found == status, answer.ToJsonString());
            if (status == 400) Assert.Contains(length.Contains('5') ? "up to 15 log" : "up to 384 log-probabilities (128 tokens that the answer may have", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Logprobs_OfRequestsTogether_HaveALimit()
    {
        using var gate = new SemaphoreSlim(0);
        var client = new FakeChatClient { Wait = gate.WaitAsync };
        await using TestServer server = await TestServer.StartAsync(client, limits => (limits.MaximumAnswerLogprobs, limits.MaximumAnswerLogprobsTogether) = (20, 30));
        string body = TestServer.Chat("hello", ""","logprobs":true,"top_logprobs":1,"max_tokens":10""");
        Task<(int Status, JsonNode Body)> first = server.ChatAsync(body);
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        (int status, JsonNode answer) = await server.ChatAsync(body).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((503, "unavailable", 1), (status, (string?)answer["error"]!["code"], client.Begun));
        Assert.Contains("log-probabilities of answers", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        gate.Release(1000);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat())).Status);
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await server.ChatAsync(body)).Status);
        Assert.Equal(0, server.Services.GetRequiredService<AnswerLogprobBudget>().Taken);
    }
}
