using LongContext.Chat;
using LongContext.Data.Reading;
using static LongContext.Data.Examples.ColumnMapTests;

namespace LongContext.Data.Examples;

public sealed class ChatMapTests
{
    [Fact]
    public void LongAlign_Record_IsTheConversation()
    {
        ChatExample example = Assert.IsType<ChatExample>(ColumnMap.LongAlign.Map(Record("""
            {"messages": [{"role": "user", "content": "A long text.\n\nWhat?"}, {"role": "assistant", "content": " Yes. "}], "length": 12}
            """)));
        Assert.Equal([ChatTurn.User("A long text.\n\nWhat?"), ChatTurn.Assistant(" Yes. ")], example.Turns);
        Assert.Equal(Origin, example.Origin);
    }

    [Fact]
    public void ShareGpt_RolesInTheWild_AreThree()
    {
        AssertTurns(
            ColumnMap.ShareGpt,
            """{"id": "x_0", "conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "1"}, {"from": "gpt", "value": "2"}, {"from": "user", "value": "3"}, {"from": "chatgpt", "value": "4"}]}""",
            "system: s", "user: 1", "assistant: 2", "user: 3", "assistant: 4");
        AssertTurns(ColumnMap.ShareGpt, """{"system": "s", "conversations": [{"from": "human", "value": "1"}, {"from": "bing", "value": "2"}, {"from": "human", "value": "3"}, {"from": "bard", "value": "4"}]}""", "system: s", "user: 1", "assistant: 2", "user: 3", "assistant: 4");
        AssertTurns(ColumnMap.ShareGpt, """{"system": null, "conversations": [{"from": "human", "value": "1"}, {"from": "assistant", "value": "2"}]}""", "user: 1", "assistant: 2");
        foreach (string role in new[] { "tool", "function_call", "observation", "Human", "" })
            AssertFault(ColumnMap.ShareGpt, $$"""{"conversations": [{"from": "human", "value": "1"}, {"from": "{{role}}", "value": "2"}]}""", $"\"conversations\"[1].from is \"{role}\", expected one of \"assistant\", \"bard\", \"bing\", \"chatgpt\", \"gpt\", \"human\", \"system\", \"user\"");
        AssertFault(ColumnMap.ShareGpt, """{"system": "t", "conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "1"}, {"from": "gpt", "value": "2"}]}""", "another one");
    }

    [Fact]
    public void OpenAIChat_PartsWeightsAndDeveloper_AreRead()
    {
        ChatExample example = Assert.IsType<ChatExample>(ColumnMap.OpenAIChat.Map(Record("""
            {"messages": [
              {"role": "developer", "content": "s"},
              {"role": "user", "content": [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}]},
              {"role": "assistant", "content": "3", "weight": 0},
              {"role": "user", "content": "4", "name": "ann"},
              {"role": "assistant", "content": "5", "weight": 1, "tool_calls": null, "refusal": null},
              {"role": "user", "content": "6", "weight": 0},
              {"role": "assistant", "content": "7", "reasoning_content": "hm"}],
             "tools": [], "parallel_tool_calls": false}
            """)));
        Assert.Equal(["system: s", "user: one two", "assistant: 3", "user: 4", "assistant: 5", "user: 6", "assistant: 7"], example.Turns.Select(turn => $"{turn.Role}: {turn.Content}"));
        Assert.Equal([true, true, false, true, true, true, true], example.Turns.Select(turn => turn.CountsInLoss));
        Assert.Equal("hm", example.Turns[^1].Reasoning);
    }

    [Theory]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "x"}]}]""", "[1].tool_calls[0].function is missing, expected an object")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "function_call": {"name": "f"}}]""", "[1] has \"function_call\"")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]""", "turn 1 is of the role \"tool\", expected \"assistant\" (after \"user\")")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "function", "content": "b"}]""", "[1].role is \"function\", expected one of \"assistant\", \"developer\", \"system\", \"tool\", \"user\"")]
    [InlineData("""[{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}, {"role": "assistant", "content": "b"}]""", "[0].content[0] is of the type \"image_url\", expected \"text\"")]
    [InlineData("""[{"role": "user", "content": [3]}, {"role": "assistant", "content": "b"}]""", "[0].content[0] is a number")]
    [InlineData("""[{"role": "user", "content": [{}]}, {"role": "assistant", "content": "b"}]""", "[0].content[0].type is null, expected a string")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0.5}]""", "[1].weight is 0.5, expected 0 or 1")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": "1"}]""", "[1].weight is \"1\", expected 0 or 1")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0}]""", "no answer of the conversation counts")]
    [InlineData("""[{"role": "user"}, {"role": "assistant", "content": "b"}]""", "[0] has no \"content\"; found \"role\" (a string)")]
    [InlineData("""[{"content": "a"}]""", "[0] has no \"role\"")]
    [InlineData("""["a"]""", "[0] is a string, expected an object")]
    [InlineData("""{"a": 1}""", "the field \"messages\" is an object, expected a list of messages")]
    [InlineData("""[]""", "the conversation has no turns")]
    [InlineData("""[{"role": "assistant", "content": "a"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "a"}]""", "turn 0 is of the role \"assistant\", expected \"user\" (a user begins)")]
    [InlineData("""[{"role": "system", "content": "a"}, {"role": "assistant", "content": "a"}]""", "turn 1 is of the role \"assistant\", expected \"user\"")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "a"}]""", "turn 1 is of the role \"user\", expected \"assistant\" (after \"user\")")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "a"}]""", "turn 2 is of the role \"assistant\"")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "system", "content": "a"}, {"role": "assistant", "content": "a"}]""", "turn 1 is of the role \"system\"")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "a"}]""", "the last turn (2) is of the role \"user\", expected an answer")]
    [InlineData("""[{"role": "user", "content": "a"}]""", "the last turn (0)")]
    [InlineData("""[{"role": "user", "content": " "}, {"role": "assistant", "content": "a"}]""", "[0].content is empty")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}]""", "[1].content is empty")]
    [InlineData("""[{"role": "user", "content": "a"}, {"role": "assistant", "content": []}]""", "[1].content is empty")]
    public void OpenAIChat_Faults_AreNamed(string messages, string expected) => AssertFault(ColumnMap.OpenAIChat, $$"""{"messages": {{messages}}}""", expected);

    [Fact]
    public void OpenAIChat_ToolsOfTheFirstForm_AreRefusedButLongAlignDoesNotLook()
    {
        const string record = """{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "functions": [{"name": "f"}]}""";
        AssertFault(ColumnMap.OpenAIChat, record, "\"functions\" offers tools");
        AssertTurns(ColumnMap.LongAlign, record, "user: a", "assistant: b");
    }

    [Fact]
    public void Chat_EmptySystem_IsLeftOut() =>
        AssertTurns(ColumnMap.LongAlign, """{"messages": [{"role": "system", "content": ""}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}""", "user: a", "assistant: b");

    [Fact]
    public void Chat_WithoutAlternation_TakesAnyOrderWithAnAnswer()
    {
        ColumnMap map = ColumnMap.Chat(ChatColumns.LongAlign with { RequiresAlternation = false });
        AssertTurns(
            map,
            """{"messages": [{"role": "assistant", "content": "1"}, {"role": "user", "content": "2"}, {"role": "user", "content": "3"}, {"role": "system", "content": "4"}]}""",
            "assistant: 1", "user: 2", "user: 3", "system: 4");
        AssertFault(map, """{"messages": [{"role": "user", "content": "2"}]}""", "the conversation has no answer");
    }

    [Theory]
    [InlineData("AUAUA", "1 U A U A")]
    [InlineData("SAAUA", "0 S U A")]
    [InlineData("UUAAUAU", "UU AA U A")]
    [InlineData("UAUU", "U A")]
    [InlineData("UA", "U A")]
    [InlineData("SSUA", "SS U A")]
    [InlineData("AU", null)]
    [InlineData("S", null)]
    [InlineData("USA", null)]
    public void Chat_Mend_DropsEndsAndJoinsNeighbours(string roles, string? expected)
    {
        string Messages() => string.Join(", ", roles.Select((role, i) => $$"""{"role": "{{(role == 'S' ? "system" : role == 'U' ? "user" : "assistant")}}", "content": "{{i}}"}"""));
        ColumnMap map = ColumnMap.Chat(ChatColumns.LongAlign with { Faults = ConversationFaults.Mend });
        TrainingExample? example = map.Map(Record($$"""{"messages": [{{Messages()}}]}"""));
        if (expected is null)
        {
            Assert.Null(example);
            return;
        }

        string found = string.Join(' ', Assert.IsType<ChatExample>(example).Turns.Select(turn => new string(char.ToUpperInvariant(turn.Role[0]), turn.Content.Split("\n\n").Length)));
        Assert.Equal(expected.TrimStart('0', '1', ' '), found);
        // Nothing but the ends is lost, and the order stays.
        string kept = string.Concat(((ChatExample)example!).Turns.SelectMany(turn => turn.Content.Split("\n\n")));
        Assert.Contains(kept.TrimStart('0'), string.Concat(Enumerable.Range(0, roles.Length)), StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_MendedAnswers_CountWhereAllDo()
    {
        ColumnMap map = ColumnMap.Chat(ChatColumns.OpenAI with { Faults = ConversationFaults.Mend });
        ChatExample example = Assert.IsType<ChatExample>(map.Map(Record("""
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0}, {"role": "assistant", "content": "c"},
             {"role": "user", "content": "d"}, {"role": "assistant", "content": "e", "reasoning_content": "r"}, {"role": "assistant", "content": "f", "reasoning_content": "s"}]}
            """)));
        Assert.Equal([true, false, true, true], example.Turns.Select(turn => turn.CountsInLoss));
        Assert.Equal(("e\n\nf", "r\n\ns"), (example.Turns[3].Content, example.Turns[3].Reasoning));
    }

    [Fact]
    public void Chat_MendOfManyTurnsOfOneRole_TakesMemoryAsTheirLength()
    {
        string turns = string.Join(',', Enumerable.Repeat("""{"role": "user", "content": "ten letter"}""", 100_000));
        DataRecord record = Record($$"""{"messages": [{{turns}}, {"role": "assistant", "content": "b"}]}""");
        ColumnMap map = ColumnMap.Chat(ChatColumns.LongAlign with { Faults = ConversationFaults.Mend });
        long before = GC.GetAllocatedBytesForCurrentThread();
        ChatExample example = Assert.IsType<ChatExample>(map.Map(record));
        // 1.2 million characters; joined one by one they would be copied 100,000 times.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 512L << 20);
        Assert.Equal((2, 1_199_998), (example.Turns.Count, example.Turns[0].Content.Length));
    }

    [Fact]
    public void Chat_LeaveOut_LeavesConversationsOutButNotBrokenRecords()
    {
        foreach (ConversationFaults faults in new[] { ConversationFaults.LeaveOut, ConversationFaults.Mend })
        {
            ColumnMap map = ColumnMap.Chat(ChatColumns.OpenAI with { Faults = faults });
            Assert.Null(map.Map(Record("""{"messages": [{"role": "user", "content": "a"}, {"role": "tool", "content": "b"}]}""")));
            Assert.Null(map.Map(Record("""{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "function_call": {"name": "f"}}]}""")));
            Assert.Null(map.Map(Record("""{"messages": [{"role": "user", "content": "a"}]}""")));
            AssertFault(map, """{"text": "a"}""", "there is no field \"messages\"");
            AssertFault(map, """{"messages": [{"role": 3, "content": "a"}]}""", "\"messages\"[0].role is a number");
        }
    }

    [Fact]
    public void Chat_OwnNames_AreUsed()
    {
        ColumnMap map = ColumnMap.Chat(new ChatColumns
        {
            Messages = "data.turns", Role = "who", Content = "said.text", Weight = "train", System = "setting", Reasoning = null,
            Roles = new Dictionary<string, string> { ["Q"] = "user", ["A"] = "assistant" },
        });
        ChatExample example = Assert.IsType<ChatExample>(map.Map(Record("""
            {"setting": "s", "data": {"turns": [{"who": "Q", "said": {"text": "1"}}, {"who": "A", "said": {"text": "2"}, "train": false}, {"who": "Q", "said": {"text": "3"}}, {"who": "A", "said": {"text": "4"}, "train": true}]}}
            """)));
        Assert.Equal(["system: s", "user: 1", "assistant: 2", "user: 3", "assistant: 4"], example.Turns.Select(turn => $"{turn.Role}: {turn.Content}"));
        Assert.Equal([true, true, false, true, true], example.Turns.Select(turn => turn.CountsInLoss));
        ArgumentException fault = Assert.Throws<ArgumentException>(() => ColumnMap.Chat(new ChatColumns { Role = "", Weight = "", Roles = new Dictionary<string, string> { ["Q"] = "person" } }));
        Assert.All(new[] { "Role is empty", "null stands for none", "\"Q\" as \"person\"", "no name for \"assistant\"" }, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
    }
}
