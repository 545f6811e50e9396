using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using LongContext.Hosting.Support;

namespace LongContext.Hosting.Serving;

/// <summary>A prompt that could never be answered is refused before it waits, and before anything of the answer is sent.</summary>
public sealed class PromptFitTests : IClassFixture<EngineServerTests.Folder>
{
    private readonly ByteModel model;

    public PromptFitTests(EngineServerTests.Folder folder) => model = folder.Model;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/chat/completions", "messages", "\"messages\":[{\"role\":\"user\",\"content\":\"TEXT\"}]")]
    [InlineData("/v1/completions", "prompt", "\"prompt\":\"TEXT\"")]
    [InlineData("/v1/completions", "prompt", "\"prompt\":IDS")]
    [InlineData("/v1/completions", "prompt", "\"prompt\":[\"TEXT\"]")]
    [InlineData("/v1/completions", "prompt[1]", "\"prompt\":[\"a\",\"TEXT\"]")]
    [InlineData("/v1/completions", "prompt[1]", "\"prompt\":[[97],IDS]")]
    public async Task Prompt_ThatMemoryNeverHolds_IsRefusedWhileOthersHaveTheModel(string path, string parameter, string prompt)
    {
        await using TestServer server = await TestServer.StartAsync(
            model.Load(ByteModel.Engine with { CacheTokens = 100_000 }), limits => limits.KeepAliveInterval = TimeSpan.FromSeconds(3), options => options.MaximumConcurrentRequests = 1);
        await server.Model.LoadAsync(Token);
        using Socket other = await server.ConnectAsync();
        await other.SendAsync(TestServer.RawPost("/v1/chat/completions", TestServer.Chat("hello", ""","max_tokens":90000,"ignore_eos":true,"stream":true""")), Token);
        await other.ReceiveAsync(new byte[16], Token);
        string own = new('b', 120_000), ids = $"[{string.Join(',', Enumerable.Repeat(98, 120_000))}]";
        foreach (string more in new[] { "", ",\"stream\":true", ",\"n\":2" })
        {
            using HttpResponseMessage response = await server.Http.PostAsync(path, TestServer.Json($$"""{{{prompt.Replace("TEXT", own, StringComparison.Ordinal).Replace("IDS", ids, StringComparison.Ordinal)}},"max_tokens":20{{more}}}"""), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["error"]!;
            Assert.Equal((parameter, "context_length_exceeded", "invalid_request_error"), ((string?)error["param"], (string?)error["code"], (string?)error["type"]));
            Assert.Matches($"^'{System.Text.RegularExpressions.Regex.Escape(parameter)}' and its answer have up to 120[0-9]{{3}} tokens, but the server's memory holds 100[0-9]{{3}} of one request", (string?)error["message"]);
            if (path == "/v1/completions") Assert.Contains("up to 120020 tokens", (string?)error["message"], StringComparison.Ordinal);
        }

        Assert.Equal((1, 0, 1), (server.Model.RunningRequests, server.Model.WaitingRequests, server.Model.EngineStatistics!.RunningRequests));
    }

    [Fact]
    public async Task Prompt_ThatJustFits_IsTaken()
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = 128 }));
        // Of several bytes a character, so that characters say nothing of tokens.
        string full = string.Concat(Enumerable.Repeat("🦜", 31));
        foreach ((string prompt, int status) in new[] { (full + "aa", 200), (full + "aaa", 400) })
        {
            (int found, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json($$"""{"prompt":"{{prompt}}","max_tokens":3,"ignore_eos":true}"""));
            Assert.True(found == status, answer.ToJsonString());
            if (status == 400) Assert.Contains("up to 130 tokens, but the server's memory holds 129", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        }
    }
}
