using System.Text.Json;
using LongContext.Chat;
using static LongContext.Data.Examples.ColumnMapTests;

namespace LongContext.Data.Examples;

/// <summary>Records with tools, calls and answers.</summary>
public sealed class ChatToolMapTests
{
    private const string Call = """{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1.0}"}}""";
    private const string Second = """{"id": "c2", "function": {"name": "g", "arguments": {}}}""";
    private const string Asked = """{"role": "user", "content": "?"}, """;

    private static readonly ChatToolCall Made = new("c1", "f", JsonElement.Parse("""{"a": 1.0}"""));

    [Fact]
    public void OpenAIChat_ToolsCallsAndAnswers_AreRead()
    {
        ChatExample example = Read($$$$"""
            {"messages": [{{{{Asked}}}}
              {"role": "assistant", "content": null, "tool_calls": [{{{{Call}}}}, {"id": "c2", "function": {"name": "g", "arguments": {}}}], "weight": 0},
              {"role": "tool", "tool_call_id": "c2", "content": "", "name": "g"},
              {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "2"}]},
              {"role": "assistant", "content": "Two.", "tool_calls": []}],
             "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "x": 1.50}}}, {"type": "function", "function": {"name": "g"}}],
             "parallel_tool_calls": true}
            """);
        Assert.Equal(
            [
                ChatTurn.User("?"),
                ChatTurn.Assistant("") with { ToolCalls = [Made, new ChatToolCall("c2", "g", JsonElement.Parse("{}"))], CountsInLoss = false },
                ChatTurn.Tool("", "c2", "g"),
                ChatTurn.Tool("2", "c1"),
                ChatTurn.Assistant("Two."),
            ],
            example.Turns);
        Assert.Equal([new ChatTool("f", "d", JsonElement.Parse("""{"type": "object", "x": 1.50}""")), new ChatTool("g", null, JsonElement.Parse("{}"))], example.Tools);
        Assert.Equal("""{"type": "object", "x": 1.50}""".Replace(" ", "", StringComparison.Ordinal), example.Tools[0].Parameters.GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"role": "assistant", "tool_calls": 1}""", "[1].tool_calls is a number, expected a list")]
    [InlineData("""{"role": "assistant", "tool_calls": [1]}""", "[1].tool_calls[0] is a number, expected an object")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "type": "custom", "custom": {}}]}""", "[1].tool_calls[0] is of the type \"custom\", expected \"function\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": 1, "function": {"name": "f", "arguments": "{}"}}]}""", "[1].tool_calls[0].id is a number, expected a string")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "", "function": {"name": "f", "arguments": "{}"}}]}""", "[1].tool_calls[0]: ")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f g", "arguments": "{}"}}]}""", "[1].tool_calls[0]: A function is named \"f g\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "[1]"}}]}""", "[1].tool_calls[0]: The arguments of the call of \"f\" are Array, expected an object")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{a"}}]}""", "[1].tool_calls[0].function.arguments: ")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{\"a\": 1, \"a\": 2}"}}]}""", "[1].tool_calls[0].function.arguments: ")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{\"a\": \"\\ud800\"}"}}]}""", "half a surrogate pair")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f"}}]}""", "[1].tool_calls[0].function.arguments is missing, expected a string")]
    [InlineData("""{"role": "assistant", "content": 3, "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]}""", "[1].content is a number")]
    public void OpenAIChat_BrokenCalls_AreNamed(string message, string expected) => AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": [{{Asked}}{{message}}]}""", expected);

    [Theory]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}""", "turn 2 is of the role \"user\", expected \"tool\" (after tool calls)")]
    [InlineData("""{"role": "assistant", "content": "a"}, {"role": "tool", "content": "b"}, {"role": "assistant", "content": "c"}""", "turn 2 is of the role \"tool\", expected \"user\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b", "tool_call_id": "c2"}, {"role": "assistant", "content": "c"}""", "turn 2 answers the call \"c2\", which is none of the last calls")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b", "tool_call_id": "c1"}, {"role": "tool", "content": "b", "tool_call_id": "c1"}, {"role": "assistant", "content": "c"}""", "turn 3 answers the call \"c1\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL, CALL2]}, {"role": "tool", "content": "b", "tool_call_id": "c1"}, {"role": "assistant", "content": "c"}""", "turn 3 is of the role \"assistant\", expected an answer to each of the calls before it first; \"c2\" has none")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL, CALL2]}, {"role": "tool", "content": "b"}, {"role": "assistant", "content": "c"}""", "turn 3 is of the role \"assistant\", expected an answer to each of the calls before it first; 1 have none")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL, CALL]}""", "turn 1 makes two calls with the id \"c1\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b", "tool_call_id": "c1"}""", "the last turn (2) is of the role \"tool\", expected an answer")]
    public void OpenAIChat_CallsAndAnswersThatDoNotMatch_AreNamed(string messages, string expected) =>
        AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": [{{Asked}}{{messages.Replace("CALL2", Second, StringComparison.Ordinal).Replace("CALL", Call, StringComparison.Ordinal)}}]}""", expected);

    [Theory]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}""")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL, CALL2]}""")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL, CALL2]}, {"role": "tool", "content": "b", "tool_call_id": "c2"}, {"role": "tool", "content": "b"}, {"role": "assistant", "content": "c"}""")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b"}, {"role": "tool", "content": "b"}, {"role": "assistant", "tool_calls": [CALL]}""")]
    public void OpenAIChat_CallsThatAreAnsweredOrEndTheConversation_AreRead(string messages)
    {
        ChatExample example = Read($$"""{"messages": [{{Asked}}{{messages.Replace("CALL2", Second, StringComparison.Ordinal).Replace("CALL", Call, StringComparison.Ordinal)}}]}""");
        Assert.True(example.Turns[^1].CountsInLoss && example.Turns[^1].IsAssistant);
    }

    [Fact]
    public void OpenAIChat_CallsWithoutIds_AreGivenOnesAndAnswersTheirsInOrder()
    {
        const string f = """{"type": "function", "function": {"name": "f", "arguments": {}}}""", g = """{"name": "g", "arguments": "{}", "id": null}""";
        ChatExample example = Read($$"""
            {"messages": [{{Asked}}{"role": "assistant", "tool_calls": [{{f}}, {{Call}}, {{g}}]},
              {"role": "tool", "name": "f", "content": "1"}, {"role": "tool", "tool_call_id": "c1", "content": "2"}, {"role": "tool", "content": "3"},
              {"role": "assistant", "tool_calls": [{{f}}]}, {"role": "tool", "content": "4"}, {"role": "assistant", "content": "a"}]}
            """);
        Assert.Equal(["call_1", "c1", "call_2", "call_3"], example.Turns.SelectMany(turn => turn.ToolCalls).Select(call => call.Id));
        Assert.Equal(["call_1", "c1", "call_2", "call_3"], example.Turns.Where(turn => turn.Role == "tool").Select(turn => turn.ToolCallId));
        // Also with a template that writes ids.
        Assert.NotEmpty(ChatFormat.Named("mistral-nemo").Render(example.Turns).Text);
        AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": [{{Asked}}{"role": "assistant", "tool_calls": [{{f}}, {{g}}]}, {"role": "tool", "content": "1"}, {"role": "assistant", "content": "a"}]}""", "\"call_2\" has none");
    }

    [Fact]
    public void Chat_WithoutAlternation_TakesCallsWithoutAnswers()
    {
        string record = $$"""{"messages": [{{Asked}}{"role": "assistant", "tool_calls": [{{Call}}]}, {{Asked}}{"role": "assistant", "content": "a"}]}""";
        AssertFault(ColumnMap.OpenAIChat, record, "expected \"tool\" (after tool calls)");
        Assert.Equal(4, Assert.IsType<ChatExample>(ColumnMap.Chat(ChatColumns.OpenAI with { RequiresAlternation = false }).Map(Record(record))).Turns.Count);
    }

    [Fact]
    public void OpenAIChat_JsonText_IsReadAsWhatItHolds()
    {
        const string function = """{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "x": 1.50}}}""";
        const string asText = """{"type": "function", "function": {"name": "f", "description": "d", "parameters": "{\"type\": \"object\", \"x\": 1.50}"}}""";
        string messages(string calls) => $$"""{"messages": [{{Asked}}{"role": "assistant", "content": null, "tool_calls": {{calls}}}]""";
        ChatExample expected = Read($$"""{{messages($"[{Call}, {Second}]")}}, "tools": [{{function}}]}""");
        Assert.Equal(2, expected.Turns[1].ToolCalls.Count);
        foreach (string tools in new[] { Quoted($"[{function}]"), $"[{Quoted(function)}]", Quoted($"[{Quoted(function)}]"), $"[{asText}]", Quoted($"[{asText}]"), $$"""[{"function": {{Quoted("""{"name": "f", "description": "d", "parameters": {"type": "object", "x": 1.50}}""")}}}]""" })
        {
            foreach (string calls in new[] { $"[{Call}, {Second}]", Quoted($"[{Call}, {Second}]"), $"[{Quoted(Call)}, {Second}]" })
                Assert.Equal(expected, Read($$"""{{messages(calls)}}, "tools": {{tools}}}"""));
        }

        // Nothing is nothing, whichever way it is said; a schema that is an empty text says nothing either.
        foreach (string none in new[] { "\"\"", "\"[]\"", "\"null\"", "[]", "null" })
        {
            ChatExample plain = Read($$"""{"messages": [{"role": "user", "content": "?", "tool_calls": {{none}}}, {"role": "assistant", "content": "a", "tool_calls": {{none}}}], "tools": {{none}}}""");
            Assert.Equal((0, 0), (plain.Tools.Count, plain.Turns[1].ToolCalls.Count));
        }

        Assert.Equal("{}", Read(Offering("""[{"function": {"name": "f", "parameters": ""}}]""")).Tools[0].Parameters.GetRawText());
    }

    [Fact]
    public void OpenAIChat_FunctionsWithoutWrapping_AreReadAsThoseWithIt()
    {
        const string tool = """{"name": "f", "description": "d", "parameters": {"type": "object"}}""", call = """{"id": "c1", "name": "f", "arguments": "{\"a\": 1.0}"}""";
        string record(string tools, string calls) => $$"""{"messages": [{{Asked}}{"role": "assistant", "tool_calls": [{{calls}}]}], "tools": {{tools}}}""";
        ChatExample expected = Read(record($$"""[{"type": "function", "function": {{tool}}}]""", Call));
        Assert.Equal((1, Made), (expected.Tools.Count, Assert.Single(expected.Turns[1].ToolCalls)));
        foreach (string tools in new[] { $"[{tool}]", Quoted($"[{tool}]"), $"[{Quoted(tool)}]" }) Assert.Equal(expected, Read(record(tools, call)));
    }

    [Theory]
    [InlineData("\"[{\"", "\"tools\": ")]
    [InlineData("\"none\"", "\"tools\": ")]
    [InlineData("\"{}\"", null)]
    [InlineData("\"{\\\"a\\\": 1}\"", "\"tools\" is an object, expected a list")]
    [InlineData("[\"[]\"]", "\"tools\"[0] is an array, expected an object with \"function\" or \"name\"")]
    [InlineData("""[{"function": "f"}]""", "\"tools\"[0].function: ")]
    [InlineData("""[{"function": {"name": "f", "parameters": "{"}}]""", "\"tools\"[0].function.parameters: ")]
    [InlineData("""[{"function": {"name": "f", "parameters": "[]"}}]""", "\"tools\"[0]: The parameters of the tool \"f\" are Array, expected an object")]
    [InlineData("""[{"function": {"name": "f", "parameters": "{\"a\": 1, \"a\": 2}"}}]""", "\"tools\"[0].function.parameters: ")]
    [InlineData("""[{"function": {"name": "f", "parameters": {"a": "\ud800"}}}]""", "\"tools\": ")]
    [InlineData("\"[{\\\"function\\\": {\\\"name\\\": \\\"f\\\", \\\"name\\\": \\\"g\\\"}}]\"", "\"tools\": ")]
    [InlineData("\"[{\\\"function\\\": {\\\"name\\\": \\\"\\\\ud800\\\"}}]\"", "\"tools\": ")]
    [InlineData("\"[{\\\"function\\\": {\\\"name\\\": \\\"f\\\", \\\"\\\\udc00\\\": 1}}]\"", "\"tools\": ")]
    public void OpenAIChat_BrokenText_IsNamed(string tools, string? expected)
    {
        string record = Offering(tools);
        if (expected is null) Assert.Empty(Read(record).Tools);
        else AssertFault(ColumnMap.OpenAIChat, record, expected);
    }

    [Fact]
    public void OpenAIChat_TextBeyondTheBounds_IsRefused()
    {
        static string Record(string tools) => Offering(Quoted(tools));
        static string Deep(int depth) => "[{\"function\": {\"name\": \"f\", \"parameters\": " + string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1) + "}}]";
        Assert.Single(Read(Record(Deep(64))).Tools);
        AssertFault(ColumnMap.OpenAIChat, Record(Deep(65)), "\"tools\": ");
        AssertFault(ColumnMap.OpenAIChat, Record(new string('[', 100_000)), "\"tools\": ");
        string most = """[{"function": {"name": "f"}}]""".PadRight(ToolLists.MaximumTextLength);
        Assert.Single(Read(Record(most)).Tools);
        AssertFault(ColumnMap.OpenAIChat, Record(most + " "), $"\"tools\" is a text of {most.Length + 1} characters, expected at most {most.Length}");
        AssertFault(ColumnMap.OpenAIChat, $$$"""{"messages": [{{{Asked}}}{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": {{{Quoted(most + " ")}}} }}]}]}""", "\"messages\"[1].tool_calls[0].function.arguments is a text of");
    }

    [Fact]
    public void Chat_LeaveOut_LeavesOutWhatToolsCannotBeUsed()
    {
        string[] tools =
        [
            """[{"function": {"name": "f"}}, {"function": {"name": "f"}}]""", """[{"function": {"name": "f g"}}]""", """[{"function": {"name": "f", "parameters": []}}]""", """[{"type": "web_search"}]""", "\"[{\"",
        ];
        string[] calls =
        [
            """{"id": "x", "function": {"name": "f", "arguments": "{a"}}""", """{"id": "x", "function": {"name": "", "arguments": {}}}""", """{"id": "", "function": {"name": "f", "arguments": {}}}""", $"{Call}, {Call}",
        ];
        foreach (ConversationFaults faults in new[] { ConversationFaults.LeaveOut, ConversationFaults.Mend })
        {
            ColumnMap map = ColumnMap.Chat(ChatColumns.OpenAI with { Faults = faults });
            Assert.All(tools, list => Assert.Null(map.Map(Record(Offering(list)))));
            Assert.All(calls, list => Assert.Null(map.Map(Record($$"""{"messages": [{{Asked}}{"role": "assistant", "tool_calls": [{{list}}]}]}"""))));
            // Fields of the wrong kind are bad all the same.
            AssertFault(map, Offering("1"), "\"tools\" is a number");
            AssertFault(map, Offering("""[{"function": {"name": 1}}]"""), "\"tools\"[0].function.name is a number");
        }
    }

    [Theory]
    [InlineData("""{"a": 1}""", "\"tools\" is an object, expected a list")]
    [InlineData("""[{"type": "web_search"}]""", "\"tools\"[0] is of the type \"web_search\", expected \"function\"")]
    [InlineData("""[{"type": "function", "function": {"name": "f", "parameters": []}}]""", "\"tools\"[0]: The parameters of the tool \"f\" are Array, expected an object")]
    [InlineData("""[{"function": {"name": "f"}}, {"function": {"name": "f"}}]""", "\"tools\" has two tools with the name \"f\"")]
    public void OpenAIChat_BrokenTools_AreNamed(string tools, string expected) =>
        AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": [{{Asked}}{"role": "assistant", "content": "a"}], "tools": {{tools}}}""", expected);

    [Fact]
    public void PromptCompletion_MessagesWithTools_AreReadAndOnlyTheCompletionsCallCounts()
    {
        TrainingExample? example = ColumnMap.PromptCompletion().Map(Record($$$"""
            {"prompt": [{{{Asked}}}{"role": "assistant", "tool_calls": [{{{Call}}}]}, {"role": "tool", "content": "1", "tool_call_id": "c1"}],
             "completion": [{"role": "assistant", "tool_calls": [{{{Call.Replace("c1", "c2", StringComparison.Ordinal)}}}]}], "tools": [{"function": {"name": "f"}}]}
            """));
        ChatExample chat = Assert.IsType<ChatExample>(example);
        Assert.Equal([true, false, true, true], chat.Turns.Select(turn => turn.CountsInLoss));
        Assert.Equal(["c1", "c2"], chat.Turns.SelectMany(turn => turn.ToolCalls).Select(call => call.Id));
        Assert.Equal("f", Assert.Single(chat.Tools).Name);
    }

    [Fact]
    public void LongAlign_Calls_AreRefusedAsBefore() =>
        AssertFault(ColumnMap.LongAlign, $$"""{"messages": [{{Asked}}{"role": "assistant", "content": "a", "tool_calls": [{{Call}}]}]}""", "calls of tools are not supported");

    [Fact]
    public void Chat_Mend_LeavesCallsAndAnswersAsTheyAre()
    {
        ColumnMap map = ColumnMap.Chat(ChatColumns.OpenAI with { Faults = ConversationFaults.Mend });
        ChatExample example = Assert.IsType<ChatExample>(map.Map(Record($$"""
            {"messages": [{{Asked}}{{Asked}}{"role": "assistant", "tool_calls": [{{Call}}, {{Call.Replace("c1", "c2", StringComparison.Ordinal)}}]},
             {"role": "tool", "content": "1", "tool_call_id": "c1"}, {"role": "tool", "content": "2", "tool_call_id": "c2"}, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}, {{Asked.TrimEnd(' ', ',')}}]}
            """)));
        Assert.Equal(["?\n\n?", "", "1", "2", "a\n\nb"], example.Turns.Select(turn => turn.Content));
    }

    [Fact]
    public void Equals_ExamplesThatDifferInCallsOrToolsAlone_AreOther()
    {
        ChatExample Example(string id, string tool) => new([ChatTurn.User("?"), ChatTurn.Assistant("") with { ToolCalls = [new ChatToolCall(id, "f", Made.Arguments)] }])
        {
            Tools = [new ChatTool(tool, null, Made.Arguments)],
        };
        Assert.Equal(Example("c1", "f"), Example("c1", "f"));
        Assert.NotEqual(Example("c1", "f"), Example("c2", "f"));
        Assert.NotEqual(Example("c1", "f"), Example("c1", "g"));
        Assert.Equal(1 + 1 + Made.Arguments.GetRawText().Length + 1 + Made.Arguments.GetRawText().Length, Example("c1", "f").TextLength);
    }

    private static ChatExample Read(string record) => Assert.IsType<ChatExample>(ColumnMap.OpenAIChat.Map(Record(record)));

    /// <summary>A record with tools alone.</summary>
    private static string Offering(string tools) => $$"""{"messages": [{{Asked}}{"role": "assistant", "content": "a"}], "tools": {{tools}}}""";

    private static string Quoted(string json) => JsonSerializer.Serialize(json);
}
