using System.Text.Json;
using LongContext.Chat;
using static LongContext.Data.Examples.ColumnMapTests;

namespace LongContext.Data.Examples;

/// <summary>Records with tools, calls and answers.</summary>
public sealed class ChatToolMapTests
{
    private const string Call = """{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1.0}"}}""";
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
    [InlineData("""{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}""", "[1].tool_calls[0].id is null, expected a string")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "", "function": {"name": "f", "arguments": "{}"}}]}""", "[1].tool_calls[0]: ")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f g", "arguments": "{}"}}]}""", "[1].tool_calls[0]: A function is named \"f g\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "[1]"}}]}""", "[1].tool_calls[0]: The arguments of the call of \"f\" are Array, expected an object")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{a"}}]}""", "[1].tool_calls[0]: ")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{\"a\": 1, \"a\": 2}"}}]}""", "[1].tool_calls[0]: ")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{\"a\": \"\\ud800\"}"}}]}""", "half a surrogate pair")]
    [InlineData("""{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f"}}]}""", "[1].tool_calls[0].function.arguments is null, expected a string")]
    [InlineData("""{"role": "assistant", "content": 3, "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]}""", "[1].content is a number")]
    public void OpenAIChat_BrokenCalls_AreNamed(string message, string expected) => AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": [{{Asked}}{{message}}]}""", expected);

    [Theory]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}""", "turn 2 is of the role \"user\", expected \"tool\" (after tool calls)")]
    [InlineData("""{"role": "assistant", "content": "a"}, {"role": "tool", "content": "b"}, {"role": "assistant", "content": "c"}""", "turn 2 is of the role \"tool\", expected \"user\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b", "tool_call_id": "c2"}, {"role": "assistant", "content": "c"}""", "turn 2 answers the call \"c2\", which is none of the last calls")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b", "tool_call_id": "c1"}, {"role": "tool", "content": "b", "tool_call_id": "c1"}, {"role": "assistant", "content": "c"}""", "turn 3 answers the call \"c1\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL, CALL]}""", "turn 1 makes two calls with the id \"c1\"")]
    [InlineData("""{"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "b", "tool_call_id": "c1"}""", "the last turn (2) is of the role \"tool\", expected an answer")]
    public void OpenAIChat_CallsAndAnswersThatDoNotMatch_AreNamed(string messages, string expected) =>
        AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": [{{Asked}}{{messages.Replace("CALL", Call, StringComparison.Ordinal)}}]}""", expected);

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
}
