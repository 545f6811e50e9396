using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting.Serving;

/// <summary>Functions that a model may call: in requests, in answers, and through the client package that people use.</summary>
public sealed class ToolProtocolTests
{
    private const string Weather = """{"type":"function","function":{"name":"get_weather","description":"What it is like outside.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}""";
    private const string Time = """{"type":"function","function":{"name":"get_time"}}""";
    private const string Tools = $",\"tools\":[{Weather},{Time}]";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_WithTools_ReachesTheModel()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        string strict = Weather.Replace("\"parameters\"", "\"strict\":true,\"parameters\"", StringComparison.Ordinal);
        await OkAsync(server, TestServer.Chat("x", $",\"tools\":[{strict},{Time}],\"parallel_tool_calls\":false"));
        AIFunctionDeclaration[] tools = [.. client.LastOptions!.Tools!.Cast<AIFunctionDeclaration>()];
        Assert.Equal(["get_weather", "get_time"], tools.Select(tool => tool.Name));
        Assert.Equal(["What it is like outside.", ""], tools.Select(tool => tool.Description));
        Assert.Equal("""{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""", tools[0].JsonSchema.GetRawText());
        Assert.Equal("""{"type":"object","properties":{}}""", tools[1].JsonSchema.GetRawText());
        Assert.Equal((true, false), (tools[0].AdditionalProperties["strict"], tools[1].AdditionalProperties.ContainsKey("strict")));
        Assert.Equal((false, null), (client.LastOptions.AllowMultipleToolCalls, client.LastOptions.ToolMode));
        await OkAsync(server, TestServer.Chat());
        Assert.Equal((null, null, null), (client.LastOptions!.Tools, client.LastOptions.ToolMode, client.LastOptions.AllowMultipleToolCalls));
    }

    [Theory]
    [InlineData("\"none\"", "none", 2)]
    [InlineData("\"auto\"", "auto", 2)]
    [InlineData("\"required\"", "required", 2)]
    [InlineData("""{"type":"function","function":{"name":"get_time"}}""", "get_time", 2)]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"get_time"}}]}}""", "auto", 1)]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"get_time"}},{"type":"function","function":{"name":"get_weather"}}]}}""", "required", 2)]
    public async Task Request_ToolChoice_BecomesAMode(string choice, string mode, int tools)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        await OkAsync(server, TestServer.Chat("x", $"{Tools},\"tool_choice\":{choice}"));
        ChatToolMode expected = mode switch { "none" => ChatToolMode.None, "auto" => ChatToolMode.Auto, "required" => ChatToolMode.RequireAny, _ => ChatToolMode.RequireSpecific(mode) };
        Assert.Equal((expected, tools), (client.LastOptions!.ToolMode, client.LastOptions.Tools!.Count));
    }

    [Fact]
    public async Task Request_WithCallsAndResults_ReachesTheModel()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        await OkAsync(server, """
            {"messages":[{"role":"user","content":"How is it?"},
             {"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[
              {"id":"a","type":"function","function":{"name":"get_weather","arguments":"{\"city\": \"Köln\", \"days\": [1, 2]}"}},{"id":"b","type":"function","function":{"name":"get_time","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"b","content":"12:00"},{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"sunny"},{"type":"text","text":"22 °C"}]},
             {"role":"assistant","content":"Both?","tool_calls":[{"id":"a","type":"function","function":{"name":"get_time","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":""}]}
            """);
        IReadOnlyList<ChatMessage> messages = client.LastMessages!;
        Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.Tool, ChatRole.Assistant, ChatRole.Tool], messages.Select(message => message.Role));
        FunctionCallContent[] calls = [.. messages[1].Contents.OfType<FunctionCallContent>()];
        Assert.Equal([("a", "get_weather"), ("b", "get_time")], calls.Select(call => (call.CallId, call.Name)));
        Assert.Equal("""{"city":"Köln","days":[1, 2]}""", $$"""{"city":"{{calls[0].Arguments!["city"]}}","days":{{calls[0].Arguments!["days"]}}}""");
        Assert.Equal("Hm.", messages[1].Contents.OfType<TextReasoningContent>().Single().Text);
        Assert.Equal([("b", "12:00"), ("a", "sunny\n22 °C"), ("a", "")], messages.Where(message => message.Role == ChatRole.Tool).Select(message => message.Contents.Cast<FunctionResultContent>().Single()).Select(result => (result.CallId, (string?)result.Result)));
        Assert.Equal("Both?", messages[4].Text);
    }

    [Fact]
    public async Task Answer_ThatCalls_IsWrittenInTheProtocolsWords()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient { Answer = (_, _) => [], Calls = _ => TwoCalls() });
        (int status, JsonNode body) = await server.ChatAsync(TestServer.Chat("x", Tools));
        Assert.Equal(200, status);
        Assert.Equal(
            """{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"function":{"arguments":"{\"city\":\"K\u00F6ln\"}","name":"get_weather"},"id":"a","type":"function"},{"function":{"arguments":"{}","name":"get_time"},"id":"b","type":"function"}]},"logprobs":null}""",
            body["choices"]![0]!.ToJsonString().Replace("\\u0022", "\\\"", StringComparison.Ordinal));

        // A stream has each call's function before its arguments.
        List<string> events = await server.EventsAsync("/v1/chat/completions", TestServer.Chat("x", Tools + ",\"stream\":true,\"n\":2"));
        JsonNode[] choices = [.. events.SkipLast(1).SelectMany(each => JsonNode.Parse(each)!["choices"]!.AsArray())!];
        for (int i = 0; i < 2; i++)
        {
            JsonNode[] own = [.. choices.Where(choice => (int)choice["index"]! == i)];
            string[] deltas = [.. own.Select(choice => choice["delta"]!["tool_calls"]).OfType<JsonNode>().Select(each => each.ToJsonString().Replace("\\u0022", "\\\"", StringComparison.Ordinal))];
            Assert.Equal(
                [
                    """[{"function":{"arguments":"","name":"get_weather"},"index":0,"id":"a","type":"function"}]""",
                    """[{"function":{"arguments":"{\"city\":\"K\u00F6ln\"}"},"index":0}]""",
                    """[{"function":{"arguments":"","name":"get_time"},"index":1,"id":"b","type":"function"}]""",
                    """[{"function":{"arguments":"{}"},"index":1}]""",
                ], deltas);
            Assert.Equal("tool_calls", (string?)own[^1]["finish_reason"]);
        }
    }

    [Fact]
    public async Task Answer_WithTextAndACall_HasBoth()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient { Answer = (_, _) => ["Let me ", "look."], Calls = _ => TwoCalls().Take(1) });
        (_, JsonNode body) = await server.ChatAsync(TestServer.Chat("x", Tools));
        JsonNode message = body["choices"]![0]!["message"]!;
        Assert.Equal(("Let me look.", 1), ((string?)message["content"], message["tool_calls"]!.AsArray().Count));
        // Who calls nothing has none.
        await using TestServer quiet = await TestServer.StartAsync(new FakeChatClient());
        (_, body) = await quiet.ChatAsync(TestServer.Chat("x", Tools));
        Assert.Equal((false, "stop"), (body["choices"]![0]!["message"]!.AsObject().ContainsKey("tool_calls"), (string?)body["choices"]![0]!["finish_reason"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_ThatInvokesFunctions_HasTheAnswerToTheirResults(bool streams)
    {
        int called = 0;
        var fake = new FakeChatClient
        {
            Answer = (text, _) => called == 0 ? [] : ["It is ", text],
            Calls = _ => called == 0 ? TwoCalls().Take(1) : [],
        };
        await using TestServer server = await TestServer.StartAsync(fake);
        using IChatClient client = server.OpenAI().AsBuilder().UseFunctionInvocation().Build();
        AIFunction function = AIFunctionFactory.Create(([Description("Where.")] string city) => { called++; return $"sunny in {city}"; }, "get_weather", "What it is like outside.");
        var options = new ChatOptions { Tools = [function], ToolMode = ChatToolMode.Auto, AllowMultipleToolCalls = false };
        ChatResponse response = streams ? await client.GetStreamingResponseAsync("How is it?", options, Token).ToChatResponseAsync(Token) : await client.GetResponseAsync("How is it?", options, Token);
        Assert.Equal(1, called);
        Assert.StartsWith("It is ", response.Messages[^1].Text, StringComparison.Ordinal);
        // What the model was told in the end: the question, its call and the result.
        Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.Tool], fake.LastMessages!.Select(message => message.Role));
        Assert.Equal("\"sunny in Köln\"", ((FunctionResultContent)fake.LastMessages![2].Contents.Single()).Result);
        AIFunctionDeclaration seen = (AIFunctionDeclaration)fake.LastOptions!.Tools!.Single();
        Assert.Equal(("get_weather", "What it is like outside.", "Where."), (seen.Name, seen.Description, seen.JsonSchema.GetProperty("properties").GetProperty("city").GetProperty("description").GetString()));
        Assert.False(fake.LastOptions.AllowMultipleToolCalls);
    }

    [Theory]
    [InlineData("""tools":{}""", "tools")]
    [InlineData("""tools":[1]""", "tools[0]")]
    [InlineData("""tools":[{}]""", "tools[0].type")]
    [InlineData("""tools":[{"type":"web_search"}]""", "tools[0].type")]
    [InlineData("""tools":[{"type":"custom","custom":{"name":"x"}}]""", "tools[0].type")]
    [InlineData("""tools":[{"type":"function","function":[]}]""", "tools[0].function")]
    [InlineData("""tools":[{"type":"function","function":{}}]""", "tools[0].function.name")]
    [InlineData("""tools":[{"type":"function","function":{"name":""}}]""", "tools[0].function.name")]
    [InlineData("""tools":[{"type":"function","function":{"name":"a b"}}]""", "tools[0].function.name")]
    [InlineData("""tools":[{"type":"function","function":{"name":"\ud800"}}]""", "tools[0].function.name")]
    [InlineData("""tools":[{"type":"function","function":{"name":"a\"}}"}}]""", "tools[0].function.name")]
    [InlineData("""tools":[{"type":"function","function":{"name":"a","description":1}}]""", "tools[0].function.description")]
    [InlineData("""tools":[{"type":"function","function":{"name":"a","strict":"yes"}}]""", "tools[0].function.strict")]
    [InlineData("""tools":[{"type":"function","function":{"name":"a","parameters":true}}]""", "tools[0].function.parameters")]
    [InlineData("""tools":[{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"a","parameters":{"enum":["\ud800"]}}}]""", "tools[1].function.parameters")]
    [InlineData("""tools":[{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"b"}}]""", "tools[1].function.name")]
    [InlineData("""tool_choice":"maybe""" + "\"", "tool_choice")]
    [InlineData("""tool_choice":"required""" + "\"", "tool_choice")]
    [InlineData("""tool_choice":7""", "tool_choice")]
    [InlineData("""tool_choice":{"type":"function","function":{"name":"a"}}""", "tool_choice.function.name")]
    [InlineData("""tool_choice":{"type":"function"}""", "tool_choice.function")]
    [InlineData("""tool_choice":{"type":"custom"}""", "tool_choice.type")]
    [InlineData("""tool_choice":{"type":"allowed_tools"}""", "tool_choice.allowed_tools")]
    [InlineData("""tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[]}}""", "tool_choice.allowed_tools.mode")]
    [InlineData("""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"none","tools":[]}}""", "tool_choice.allowed_tools.mode")]
    [InlineData("""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto"}}""", "tool_choice.allowed_tools.tools")]
    [InlineData("""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"a"}}]}}""", "tool_choice.allowed_tools.tools[0].function.name")]
    [InlineData("""parallel_tool_calls":1""", "parallel_tool_calls")]
    [InlineData("""functions":[{"name":"a"}]""", "functions")]
    [InlineData("""function_call":"auto""" + "\"", "function_call")]
    public Task Request_WrongField_IsRefusedByName(string field, string parameter) => RefusedAsync(TestServer.Chat("x", ",\"" + field), parameter);

    [Theory]
    [InlineData("""{"role":"user","content":"x","tool_calls":[CALL]}""", "messages[1].tool_calls")]
    [InlineData("""{"role":"assistant","content":"x","tool_calls":{}}""", "messages[1].tool_calls")]
    [InlineData("""{"role":"assistant","tool_calls":[]}""", "messages[1].content")]
    [InlineData("""{"role":"assistant","tool_calls":[1]}""", "messages[1].tool_calls[0]")]
    [InlineData("""{"role":"assistant","tool_calls":[{"type":"function"}]}""", "messages[1].tool_calls[0].id")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"","type":"function"}]}""", "messages[1].tool_calls[0].id")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"custom"}]}""", "messages[1].tool_calls[0].type")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function"}]}""", "messages[1].tool_calls[0].function")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"","arguments":"{}"}}]}""", "messages[1].tool_calls[0].function.name")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"[]"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\":1,\"a\":2}"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"\\ud800\":1}"}}]}""", "messages[1].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[CALL,CALL]}""", "messages[1].tool_calls[1].id")]
    [InlineData("""{"role":"assistant","content":"x","function_call":{"name":"f","arguments":"{}"}}""", "messages[1].function_call")]
    [InlineData("""{"role":"tool","content":"x"}""", "messages[1].tool_call_id")]
    [InlineData("""{"role":"tool","tool_call_id":"a","content":"x"}""", "messages[1].tool_call_id")]
    [InlineData("""{"role":"tool","tool_call_id":"a","content":"x"},{"role":"assistant","tool_calls":[CALL]}""", "messages[1].tool_call_id")]
    [InlineData("""{"role":"assistant","tool_calls":[CALL]},{"role":"tool","tool_call_id":"b","content":"x"}""", "messages[2].tool_call_id")]
    [InlineData("""{"role":"assistant","tool_calls":[CALL]},{"role":"tool","tool_call_id":"a","content":null}""", "messages[2].content")]
    [InlineData("""{"role":"assistant","tool_calls":[CALL]},{"role":"tool","tool_call_id":"a","content":[{"type":"image_url"}]}""", "messages[2].content[0].type")]
    [InlineData("""{"role":"function","name":"f","content":"x"}""", "messages[1].role")]
    public Task Message_WrongField_IsRefusedByName(string messages, string parameter)
    {
        const string call = """{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}""";
        return RefusedAsync($$"""{"messages":[{"role":"user","content":"x"},{{messages.Replace("CALL", call, StringComparison.Ordinal)}}]}""", parameter);
    }

    [Fact]
    public async Task Request_BeyondTheLimits_IsRefused()
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client, limits => (limits.MaximumTools, limits.MaximumToolBytes) = (3, 2_000));
        string three = string.Join(',', Enumerable.Range(0, 3).Select(i => Named($"f{i}"))), deep = string.Concat(Enumerable.Repeat("{\"items\":", 70)) + "1" + new string('}', 70);
        await OkAsync(server, TestServer.Chat("x", $",\"tools\":[{three}]"));
        Assert.Equal("tools", await ParameterAsync(TestServer.Chat("x", $",\"tools\":[{three},{Named("g")}]")));
        Assert.Equal("tools", await ParameterAsync(TestServer.Chat("x", $",\"tools\":[{Named(new string('g', 60), new string(' ', 2_000))}]")));
        Assert.Null(await ParameterAsync(TestServer.Chat("x", $$$""","tools":[{"type":"function","function":{"name":"f","parameters":{{{deep}}}}}]""")));
        string calls = string.Join(',', Enumerable.Range(0, 4).Select(i => $$$"""{"id":"{{{i}}}","type":"function","function":{"name":"f","arguments":"{}"}}"""));
        Assert.Equal("messages[0].tool_calls", await ParameterAsync($$"""{"messages":[{"role":"assistant","tool_calls":[{{calls}}]}]}"""));
        string nested = string.Concat(Enumerable.Repeat("{\\\"a\\\":", 70)) + "1" + new string('}', 70);
        Assert.Equal("messages[0].tool_calls[0].function.arguments", await ParameterAsync($$$"""{"messages":[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{{{nested}}}"}}]}]}"""));
        Assert.Equal(1, client.Begun);

        async Task<string?> ParameterAsync(string body)
        {
            (int status, JsonNode answer) = await server.ChatAsync(body);
            Assert.Equal(400, status);
            return (string?)answer["error"]!["param"];
        }

        static string Named(string name, string blanks = "") => $$$"""{"type":"function",{{{blanks}}}"function":{"name":"{{{name}}}"}}""";
    }

    private static IEnumerable<FunctionCallContent> TwoCalls()
    {
        yield return new FunctionCallContent("a", "get_weather", new Dictionary<string, object?> { ["city"] = JsonElement.Parse("\"Köln\"") });
        yield return new FunctionCallContent("b", "get_time", new Dictionary<string, object?>());
    }

    private static async Task OkAsync(TestServer server, string body)
    {
        (int status, JsonNode answer) = await server.ChatAsync(body);
        Assert.True(status == 200, answer.ToJsonString());
    }

    private static async Task RefusedAsync(string body, string parameter)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        (int status, JsonNode answer) = await server.ChatAsync(body);
        Assert.Equal((400, parameter), (status, (string?)answer["error"]!["param"]));
        Assert.Contains($"'{parameter}", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal(0, client.Begun);
    }
}
