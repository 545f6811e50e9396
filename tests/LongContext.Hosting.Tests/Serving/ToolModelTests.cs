using System.ComponentModel;
using System.Text.Json.Nodes;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>Functions from the client package through the server to a small model and back.</summary>
public sealed class ToolModelTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_ThatRequiresACall_HasArgumentsThatFit(bool streams)
    {
        using var model = new ByteModel();
        using LongContextChatClient own = model.Load(format: "qwen2.5");
        await using TestServer server = await TestServer.StartAsync(own);
        using IChatClient client = server.OpenAI().AsBuilder().UseFunctionInvocation().Build();
        List<(string Sky, int Days)> called = [];
        AIFunction forecast = AIFunctionFactory.Create(
            ([Description("How it looks.")] Sky sky, int days) =>
            {
                called.Add((sky.ToString(), days));
                return "noted";
            },
            "note_forecast", "Notes a forecast.");
        AIFunction other = AIFunctionFactory.Create(string () => throw new InvalidOperationException("not asked for"), "other", "Is not called.");
        for (int seed = 0; seed < 3; seed++)
        {
            called.Clear();
            var options = new ChatOptions { Tools = [forecast, other], ToolMode = ChatToolMode.RequireSpecific("note_forecast"), AllowMultipleToolCalls = seed == 0, Temperature = 1, Seed = seed, MaxOutputTokens = 200 };
            ChatResponse response = streams ? await client.GetStreamingResponseAsync("Note it.", options, Token).ToChatResponseAsync(Token) : await client.GetResponseAsync("Note it.", options, Token);
            // The first answer is calls; what comes after their results, the model may say or call.
            FunctionCallContent[] calls = [.. response.Messages[0].Contents.OfType<FunctionCallContent>()];
            Assert.NotEmpty(calls);
            Assert.All(calls, call => Assert.Equal("note_forecast", call.Name));
            if (seed > 0) Assert.Single(calls);
            Assert.InRange(called.Count, calls.Length, int.MaxValue);
            Assert.All(called, each => Assert.Contains(each.Sky, (string[])["Blue", "Grey"]));
            Assert.Equal("noted", response.Messages[1].Contents.OfType<FunctionResultContent>().First().Result?.ToString());
        }
    }

    [Fact]
    public async Task Schema_ThatCannotBeHeld_IsRefusedWhereStrict()
    {
        using var model = new ByteModel();
        using LongContextChatClient own = model.Load(format: "qwen2.5");
        await using TestServer server = await TestServer.StartAsync(own);
        const string tool = """,{"type":"function","function":{"name":"bad","parameters":{"type":"object","minProperties":1}STRICT}}""";
        const string more = ""","max_tokens":2,"tools":[{"type":"function","function":{"name":"good"}}""";
        (int status, System.Text.Json.Nodes.JsonNode body) = await server.ChatAsync(TestServer.Chat("x", more + tool.Replace("STRICT", ",\"strict\":true", StringComparison.Ordinal) + "]"));
        Assert.Equal(400, status);
        Assert.Contains("\"bad\" is strict", (string?)body["error"]!["message"], StringComparison.Ordinal);
        Assert.Contains("minProperties", (string?)body["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal("tools[1].function.parameters", (string?)body["error"]!["param"]);
        (status, _) = await server.ChatAsync(TestServer.Chat("x", more + tool.Replace("STRICT", "", StringComparison.Ordinal) + "]"));
        Assert.Equal(200, status);
        // A format without a place for functions says so by its name.
        using LongContextChatClient plain = model.Load();
        await using TestServer without = await TestServer.StartAsync(plain);
        (status, body) = await without.ChatAsync(TestServer.Chat("x", more + "]"));
        Assert.Equal(400, status);
        Assert.Contains("\"chatml\" has no place for tools", (string?)body["error"]!["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(false, ",\"stream\":true")]
    [InlineData(false, ",\"stream\":true,\"logprobs\":true")]
    [InlineData(true, "")]
    [InlineData(true, ",\"stream\":true")]
    public async Task Schema_TooAmbiguousOnTheWay_EndsItsRequestByName(bool isForm, string more)
    {
        using var model = new ByteModel();
        using LongContextChatClient own = model.Load(format: "qwen2.5");
        await using TestServer server = await TestServer.StartAsync(own);
        // Each of them can be at hundreds of its places where a text has many of one letter.
        string patterns = string.Join(',', Enumerable.Range(0, 60).Select(i => $$"""{"type":"string","pattern":"^(.{0,{{300 + i}}}[a-{{(char)('b' + (i % 20))}}] ?){1,3}q{{i}}$"}"""));
        string schema = $$$"""{"type":"object","properties":{"x":{"anyOf":[{{{patterns}}}]}},"required":["x"]}""";
        string tools = $$$""","tools":[{"type":"function","function":{"name":"other"}},{"type":"function","function":{"name":"twisted","parameters":{{{schema}}}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"twisted"}}]}}""";
        string form = $$$""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{{{schema}}}}}""";
        string body = TestServer.Chat("x", $$"""{{(isForm ? form : tools)}},"logit_bias":{"97":100},"max_tokens":600{{more}}""");
        Task<(int Status, JsonNode Body)> beside = server.ChatAsync(TestServer.Chat("hello", ""","max_tokens":300,"ignore_eos":true"""));
        using HttpResponseMessage response = await server.Http.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), TestServer.Json(body), Token);
        string text = await response.Content.ReadAsStringAsync(Token);
        // A stream that has said nothing yet has a status for it; one that has ends with it.
        bool begun = response.Content.Headers.ContentType!.MediaType == "text/event-stream";
        Assert.Equal(more.Contains("logprobs", StringComparison.Ordinal) || (isForm && more.Length > 0), begun);
        Assert.Equal(begun ? 200 : 400, (int)response.StatusCode);
        string last = begun ? text.TrimEnd().Split("\n\n")[^1]["data: ".Length..] : text;
        JsonNode error = JsonNode.Parse(last)!["error"]!;
        Assert.Equal(("invalid_request_error", isForm ? "response_format" : "tools[1].function.parameters"), ((string?)error["type"], (string?)error["param"]));
        string message = (string)error["message"]!;
        Assert.Contains("too ambiguous", message, StringComparison.Ordinal);
        Assert.Contains(isForm ? "'response_format'" : "\"twisted\"", message, StringComparison.Ordinal);
        Assert.DoesNotContain("finish_reason\":\"", text, StringComparison.Ordinal);
        (int status, JsonNode answer) = await beside;
        Assert.Equal((200, 300), (status, (int)answer["usage"]!["completion_tokens"]!));
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("x", ""","max_tokens":1"""))).Status);
        Assert.Empty(server.Log.Errors);
    }

    [Fact]
    public async Task Functions_CountAgainstTheLimitOfText()
    {
        using var model = new ByteModel();
        using LongContextChatClient own = model.Load(format: "qwen2.5");
        await using TestServer server = await TestServer.StartAsync(own, limits => limits.MaximumPromptTokens = 200);
        await server.Model.LoadAsync(Token);
        string tools = $",\"max_tokens\":2,\"tools\":[{{\"type\":\"function\",\"function\":{{\"name\":\"f\",\"description\":\"{new string('d', 200)}\"}}}}]";
        (int status, System.Text.Json.Nodes.JsonNode body) = await server.ChatAsync(TestServer.Chat("x", tools));
        Assert.Equal((400, "context_length_exceeded"), (status, (string?)body["error"]!["code"]));
        // Those that the model is not told of do not.
        (status, _) = await server.ChatAsync(TestServer.Chat("x", tools + ",\"tool_choice\":\"none\""));
        Assert.Equal(200, status);
        // Nor do calls and results go uncounted.
        const string call = """{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":\"LONG\"}"}}""";
        string messages = $$"""{"messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{{call}}]},{"role":"tool","tool_call_id":"a","content":"RESULT"}],"max_tokens":2}""";
        Assert.Equal(200, (await server.ChatAsync(messages)).Status);
        Assert.Equal(400, (await server.ChatAsync(messages.Replace("LONG", new string('x', 200), StringComparison.Ordinal))).Status);
        Assert.Equal(400, (await server.ChatAsync(messages.Replace("RESULT", new string('x', 200), StringComparison.Ordinal))).Status);
    }

    /// <summary>What the sky can be.</summary>
    [System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<Sky>))]
    private enum Sky
    {
        Blue,
        Grey,
    }
}
