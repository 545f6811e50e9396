using System.Text.Json.Nodes;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>A request of several answers is let in or refused as a whole.</summary>
public sealed class AdmissionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"n\":3", 3)]
    [InlineData("/v1/completions", "\"prompt\":[\"x\",\"y\",\"z\"]", 3)]
    [InlineData("/v1/completions", "\"prompt\":[\"x\",\"y\"],\"n\":2", 4)]
    public async Task Answers_ThatFindNoPlace_WaitOnceTheFirstHasOne(string path, string asked, int answers)
    {
        using var slow = new SemaphoreSlim(0);
        var first = new TaskCompletionSource();
        var client = new FakeChatClient
        {
            Answer = (text, _) => text == "slow" ? ["s"] : ["a", "b"],
            Inspect = (messages, _) => { if (messages[^1].Text != "slow") first.TrySetResult(); },
        };
        client.Wait = token => client.LastMessages![^1].Text == "slow" ? slow.WaitAsync(token) : Task.CompletedTask;
        // One place is taken, nobody may wait, and who waits may not for long.
        await using TestServer server = await TestServer.StartAsync(client, model: options => (options.MaximumConcurrentRequests, options.MaximumQueuedRequests, options.QueueTimeout) = (2, 0, TimeSpan.FromMilliseconds(150)));
        Task<(int Status, JsonNode Body)> other = server.ChatAsync(TestServer.Chat("slow"));
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        client.Wait = token => first.Task.IsCompleted && client.Begun == 2 ? Task.Delay(300, token) : Task.CompletedTask;
        (int status, JsonNode answer) = await server.PostAsync(path, TestServer.Json($$"""{{{asked}},"max_tokens":9}""")).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.True(status == 200, answer.ToJsonString());
        Assert.Equal(answers, answer["choices"]!.AsArray().Count);
        slow.Release();
        Assert.Equal(200, (await other).Status);
        Assert.Equal((0, 0), (server.Model.WaitingRequests, server.Model.RunningRequests));
    }

    [Fact]
    public async Task Request_OfSeveralAnswersThatFindsNoPlace_IsRefused()
    {
        using var slow = new SemaphoreSlim(0);
        var client = new FakeChatClient { Wait = slow.WaitAsync };
        await using TestServer server = await TestServer.StartAsync(client, model: options => (options.MaximumConcurrentRequests, options.MaximumQueuedRequests) = (1, 0));
        Task<(int Status, JsonNode Body)> other = server.ChatAsync(TestServer.Chat("slow"));
        await FakeChatClient.UntilAsync(() => client.Running == 1, Token);
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", ",\"n\":3")).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((429, "overloaded", 1), (status, (string?)answer["error"]!["code"], client.Begun));
        slow.Release(100);
        Assert.Equal(200, (await other).Status);
    }

    [Fact]
    public async Task LongTexts_ThatWaitToBeRead_CountInTheQueue()
    {
        using var model = new ByteModel();
        var gate = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(
            model.Load(), model: options => (options.MaximumConcurrentRequests, options.MaximumQueuedRequests, options.QueueTimeout) = (1, 1, TimeSpan.FromSeconds(1)));
        await server.Model.LoadAsync(Token);
        Task read = server.Model.ReadAsync(1 << 20, () => gate.Task.Wait(), Token);
        string text = new('x', 70_000);
        // Whatever of the request is long.
        string[] requests =
        [
            $$"""{"messages":[{"role":"user","content":"{{text}}"}],"max_tokens":1}""",
            $$"""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","reasoning_content":"{{text}}"},{"role":"user","content":"z"}],"max_tokens":1}""",
        ];
        foreach (string request in requests)
        {
            Task<(int Status, JsonNode Body)> waits = server.ChatAsync(request);
            await FakeChatClient.UntilAsync(() => waits.IsCompleted || server.Model.WaitingRequests == 1, Token);
            (int status, JsonNode answer) = await server.ChatAsync(requests[0]).WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.Equal((429, "overloaded"), (status, (string?)answer["error"]?["code"]));
            Assert.Contains("1 wait", (string?)answer["error"]!["message"], StringComparison.Ordinal);
            // Short ones are read as ever.
            (status, answer) = await waits.WaitAsync(TimeSpan.FromSeconds(30), Token);
            Assert.Equal((429, "overloaded"), (status, (string?)answer["error"]?["code"]));
            Assert.Contains("had no place within 1 seconds", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        }

        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("short", ",\"max_tokens\":1"))).Status);
        gate.SetResult();
        await read;
        // As long to read, and little to compute.
        Assert.Equal(200, (await server.ChatAsync(requests[0][..^1] + ",\"truncate_prompt_tokens\":100}")).Status);
        Assert.Equal(0, server.Model.WaitingRequests);
    }

    [Fact]
    public void RequestSize_AllContents_Count()
    {
        JsonNode schema = JsonNode.Parse("""{"type":"object"}""")!;
        AITool tool = AIFunctionFactory.CreateDeclaration("name", "said", System.Text.Json.JsonSerializer.SerializeToElement(schema));
        ChatMessage[] messages =
        [
            new(ChatRole.User, "1234"), new(ChatRole.Assistant, [new TextReasoningContent("12345"), new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["ab"] = "cde", ["f"] = System.Text.Json.JsonSerializer.SerializeToElement("g") })]),
            new(ChatRole.Tool, [new FunctionResultContent("1", "123456")]), new(ChatRole.Tool, [new FunctionResultContent("1", new AIContent[] { new TextContent("1234567") })]),
        ];
        Assert.Equal(4 + 5 + (2 + 3 + 1 + 3) + 6 + 7, RequestSize.Of(messages, null));
        Assert.Equal(31 + 2 + 4 + 4 + 17, RequestSize.Of(messages, new ChatOptions { Instructions = "in", Tools = [tool] }));
        Assert.Equal(31, RequestSize.Of(messages, new ChatOptions { Tools = [tool], ToolMode = ChatToolMode.None }));
    }
}
