using System.Text.Json.Nodes;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>Text on both sides of a call.</summary>
public sealed class AnswerTextTests
{
    private static readonly FunctionCallContent Call = new("a", "f");

    [Fact]
    public void Add_TextBehindACall_StandsOnItsOwnLine()
    {
        Assert.Equal("ab", Joined([Text("a")], [Text("b")]));
        Assert.Equal("a\nb", Joined([Text("a")], [Call], [Text("b")]));
        Assert.Equal("a\nbc", Joined([Text("a"), Call, Call, Text(""), Text("b")], [Text("c")]));
        Assert.Equal("a b", Joined([Text("a ")], [Call], [Text("b")]));
        Assert.Equal("a\n\nb", Joined([Text("a")], [Call], [Text("\n\nb")]));
        Assert.Equal("b", Joined([Call], [Text("b")]));
    }

    [Fact]
    public async Task Answer_WholeAndStreamed_HasTheSameText()
    {
        var client = new SayingClient();
        await using TestServer server = await TestServer.StartAsync(client);
        string whole = (string)(await server.ChatAsync(TestServer.Chat())).Body["choices"]![0]!["message"]!["content"]!;
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", ",\"stream\":true"));
        Assert.Equal("I look.\nThere.", whole);
        Assert.Equal(whole, string.Concat(events.SkipLast(1).Select(each => (string?)JsonNode.Parse(each)!["choices"]![0]!["delta"]!["content"])));
    }

    private static TextContent Text(string text) => new(text);

    private static string Joined(params AIContent[][] pieces)
    {
        var text = new AnswerText();
        return string.Concat(pieces.Select(text.Add));
    }

    /// <summary>Goes on behind its call.</summary>
    private sealed class SayingClient : IChatClient
    {
        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, "I look.");
            yield return new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("a", "f")]);
            yield return new ChatResponseUpdate(ChatRole.Assistant, "There.") { FinishReason = ChatFinishReason.ToolCalls };
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
