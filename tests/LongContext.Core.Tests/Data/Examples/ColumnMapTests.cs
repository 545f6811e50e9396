using System.Text.Json.Nodes;
using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

public sealed class ColumnMapTests
{
    [Fact]
    public void Text_FieldByNameOrPath_IsTheText()
    {
        Assert.Equal(new TextExample(" as it is\n") { Origin = Origin }, ColumnMap.Text().Map(Record("""{"text": " as it is\n"}""")));
        Assert.Equal(new TextExample("b") { Origin = Origin }, ColumnMap.Text("data.body").Map(Record("""{"data": {"body": "b"}, "text": "a"}""")));
        // A field of the very name comes before the path.
        Assert.Equal(new TextExample("c") { Origin = Origin }, ColumnMap.Text("data.body").Map(Record("""{"data": {"body": "b"}, "data.body": "c"}""")));
    }

    [Theory]
    [InlineData("{}", "there is no field \"text\", expected text; found no fields at all.")]
    [InlineData("""{"a": 1, "b": [], "c": null, "d": {}, "e": "x", "f": true}""", "found \"a\" (a number), \"b\" (an array), \"c\" (null), \"d\" (an object), \"e\" (a string), \"f\" (true or false).")]
    [InlineData("""{"text": 3}""", "the field \"text\" is a number, expected a string.")]
    [InlineData("""{"text": null}""", "the field \"text\" is null")]
    [InlineData("""{"text": ["a"]}""", "the field \"text\" is an array")]
    [InlineData("""{"text": ""}""", "the field \"text\" is empty, expected text.")]
    [InlineData("""{"text": " \n\t"}""", "the field \"text\" is empty")]
    public void Text_NotThere_SaysWhatIs(string record, string expected) => AssertFault(ColumnMap.Text(), record, expected);

    [Fact]
    public void Text_HalfASurrogatePair_IsRefusedAndWholeOnesPass()
    {
        Assert.Equal("😀", ((TextExample)ColumnMap.Text().Map(new DataRecord(Origin, new JsonObject { ["text"] = "😀" }))!).Text);
        foreach (string half in new[] { "a\ud83d", "\ude00a", "\ud83d\ud83d\ude00" })
            Assert.Contains("surrogate", Assert.Throws<DataFormatException>(() => ColumnMap.Text().Map(new DataRecord(Origin, new JsonObject { ["text"] = half }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Alpaca_WithInput_IsThePublishedPrompt()
    {
        PromptExample example = Assert.IsType<PromptExample>(ColumnMap.Alpaca.Map(Record("""{"instruction": "Add {input}.", "input": "1 {instruction}", "output": "2"}""")));
        Assert.Equal(
            "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n" +
            "### Instruction:\nAdd {input}.\n\n### Input:\n1 {instruction}\n\n### Response:", example.Prompt);
        Assert.Equal("2", example.Completion);
    }

    [Theory]
    [InlineData("""{"instruction": "Say hi.", "input": "", "output": "hi"}""")]
    [InlineData("""{"instruction": "Say hi.", "input": null, "output": "hi"}""")]
    [InlineData("""{"instruction": "Say hi.", "output": "hi"}""")]
    public void Alpaca_WithoutInput_IsThePublishedPrompt(string record)
    {
        PromptExample example = Assert.IsType<PromptExample>(ColumnMap.Alpaca.Map(Record(record)));
        Assert.Equal(
            "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nSay hi.\n\n### Response:",
            example.Prompt);
        Assert.Equal("hi", example.Completion);
        Assert.Equal(Origin, example.Origin);
    }

    [Fact]
    public void Instruction_AsChatOrWithOtherPrompts_IsThat()
    {
        AssertTurns(ColumnMap.Instruction(new AlpacaColumns { AsChat = true }), """{"instruction": "Add.", "input": "1", "output": "2"}""", "user: Add.\n\n1", "assistant: 2");
        AssertTurns(ColumnMap.Instruction(new AlpacaColumns { AsChat = true }), """{"instruction": "Add.", "input": "", "output": "2"}""", "user: Add.", "assistant: 2");
        ColumnMap own = ColumnMap.Instruction(new AlpacaColumns { PromptWithInput = "{input}|{instruction}>", PromptWithoutInput = "{instruction}>", Instruction = "q", Input = "c", Output = "a" });
        Assert.Equal("C {instruction}|Q>", Assert.IsType<PromptExample>(own.Map(Record("""{"q": "Q", "c": "C {instruction}", "a": "A"}"""))).Prompt);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => ColumnMap.Instruction(new AlpacaColumns { Output = "", PromptWithInput = "{instruction}", PromptWithoutInput = "{input}" }));
        Assert.All(new[] { "Output is empty", "PromptWithInput", "PromptWithoutInput" }, part => Assert.Contains(part, fault.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"instruction": "a", "input": "b"}""", "there is no field \"output\"")]
    [InlineData("""{"instruction": "a", "input": "b", "output": " "}""", "the field \"output\" is empty")]
    [InlineData("""{"instruction": "", "input": "b", "output": "c"}""", "the field \"instruction\" is empty")]
    [InlineData("""{"instruction": "a", "input": 3, "output": "c"}""", "the field \"input\" is a number")]
    public void Alpaca_Faults_AreNamed(string record, string expected) => AssertFault(ColumnMap.Alpaca, record, expected);

    [Fact]
    public void PromptCompletion_Strings_AreAsTheyAre()
    {
        Assert.Equal(new PromptExample("Q: ", " a ") { Origin = Origin }, ColumnMap.PromptCompletion().Map(Record("""{"prompt": "Q: ", "completion": " a "}""")));
        Assert.Equal(new PromptExample("", "a") { Origin = Origin }, ColumnMap.PromptCompletion("q", "a.b").Map(Record("""{"q": "", "a": {"b": "a"}}""")));
        AssertFault(ColumnMap.PromptCompletion(), """{"prompt": "a"}""", "there is no field \"completion\"");
        AssertFault(ColumnMap.PromptCompletion(), """{"prompt": "a", "completion": ""}""", "\"completion\" is empty");
        AssertFault(ColumnMap.PromptCompletion(), """{"prompt": null, "completion": "a"}""", "\"prompt\" is null");
    }

    [Fact]
    public void PromptCompletion_Messages_PromptsAnswersAreReadOnly()
    {
        TrainingExample? example = ColumnMap.PromptCompletion().Map(Record("""
            {"prompt": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "3"}],
             "completion": [{"role": "assistant", "content": "4"}]}
            """));
        Assert.Equal([true, false, true, true], Assert.IsType<ChatExample>(example).Turns.Select(turn => turn.CountsInLoss));
        AssertFault(ColumnMap.PromptCompletion(), """{"prompt": [{"role": "user", "content": "1"}], "completion": [{"role": "user", "content": "4"}]}""", "turn 1 is of the role \"user\"");
        AssertFault(ColumnMap.PromptCompletion(), """{"prompt": [{"role": "user", "content": "1"}], "completion": "x"}""", "the field \"completion\" is a string, expected a list");
        AssertFault(ColumnMap.PromptCompletion(), """{"prompt": [{"role": "tool", "content": "1"}], "completion": []}""", "the messages of \"prompt\" and \"completion\": turn 0 is of the role \"tool\"");
    }

    [Theory]
    [InlineData("""{"messages": [], "length": 5}""", "LongAlign", null)]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "length": 5}""", "LongAlign", "LongAlign")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "text": "t"}""", "OpenAIChat", "OpenAIChat")]
    [InlineData("""{"messages": [{"from": "human", "value": "a"}]}""", "ShareGPT", "ShareGPT")]
    [InlineData("""{"conversations": [{"from": "human", "value": "a"}]}""", "ShareGPT", "ShareGPT")]
    [InlineData("""{"conversation": [{"role": "user", "content": "a"}]}""", "OpenAIChat", "OpenAIChat")]
    [InlineData("""{"instruction": "a", "input": "", "output": "c", "text": "t", "prompt": "p"}""", "Alpaca", "Alpaca")]
    [InlineData("""{"instruction": "a", "context": "", "response": "c", "category": "t"}""", "Dolly", "Dolly")]
    [InlineData("""{"instruction": "a", "response": "c"}""", "Alpaca", "Alpaca")]
    [InlineData("""{"prompt": "a", "completion": "c", "text": "t"}""", "prompt", "PromptCompletion(prompt, completion)")]
    [InlineData("""{"prompt": "a", "response": "c"}""", "prompt", "PromptCompletion(prompt, response)")]
    [InlineData("""{"content": "c", "path": "p"}""", "content", "Text(content)")]
    [InlineData("""{"content": "c", "text": "p"}""", "text", "Text(text)")]
    [InlineData("""{"content": 3, "text": null}""", "none", null)]
    [InlineData("{}", "none", null)]
    public void Detect_PublishedForms_AreFound(string record, string what, string? expected)
    {
        if (expected is null)
        {
            DataFormatException fault = Assert.Throws<DataFormatException>(() => ColumnMap.Detect(Record(record)));
            Assert.Contains("no ready map fits", fault.Message, StringComparison.Ordinal);
            Assert.EndsWith("Say what they are with ColumnMap.Text, PromptCompletion, Instruction, Chat or Custom.", fault.Message, StringComparison.Ordinal);
            Assert.Contains(record == "{}" ? "no fields at all" : what == "none" ? "\"content\" (a number), \"text\" (null)" : "\"messages\" (an array)", fault.Message, StringComparison.Ordinal);
            AssertFault(ColumnMap.Auto, record, "no ready map fits");
        }
        else
        {
            Assert.Equal(expected, ColumnMap.Detect(Record(record)).ToString());
        }
    }

    [Fact]
    public void Auto_RecordsOfManyForms_EachIsWhatItIs()
    {
        Assert.IsType<TextExample>(ColumnMap.Auto.Map(Record("""{"text": "t"}""")));
        Assert.Equal("2", Assert.IsType<PromptExample>(ColumnMap.Auto.Map(Record("""{"instruction": "a", "context": "c", "response": "2"}"""))).Completion);
        AssertTurns(ColumnMap.Auto, """{"conversation": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}""", "user: a", "assistant: b");
    }

    [Fact]
    public void Detecting_ConversationsOutOfOrder_AreMendedOrLeftOut()
    {
        const string outOfOrder = """{"conversations": [{"from": "gpt", "value": "hello"}, {"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}""";
        AssertFault(ColumnMap.Detecting(ConversationFaults.Refuse), outOfOrder, "");
        Assert.Null(ColumnMap.Detecting(ConversationFaults.LeaveOut).Map(Record(outOfOrder)));
        AssertTurns(ColumnMap.Detecting(ConversationFaults.Mend), outOfOrder, "user: a", "assistant: b");
        // What is no conversation is as before.
        Assert.IsType<TextExample>(ColumnMap.Detecting(ConversationFaults.Mend).Map(Record("""{"text": "t"}""")));
        AssertFault(ColumnMap.Detecting(ConversationFaults.Mend), """{"other": 1}""", "no ready map fits");
        Assert.Same(ColumnMap.Auto, ColumnMap.Detecting(ConversationFaults.Refuse));
        Assert.Equal(3, Enum.GetValues<ConversationFaults>().Select(faults => ColumnMap.Detecting(faults).Identity).Distinct().Count());
        Assert.Throws<ArgumentOutOfRangeException>("faults", () => ColumnMap.Detecting((ConversationFaults)9));
    }

    [Fact]
    public void Custom_Function_GetsRecordAndMayLeaveOut()
    {
        ColumnMap map = ColumnMap.Custom(record => (string?)record.Fields["lang"] == "de" ? new TextExample((string)record.Fields["body"]!) : null, "german");
        Assert.Equal(new TextExample("hallo") { Origin = Origin }, map.Map(Record("""{"lang": "de", "body": "hallo"}""")));
        Assert.Null(map.Map(Record("""{"lang": "en", "body": "hello"}""")));
        Assert.Equal("german", map.Name);
    }

    [Fact]
    public void WithProperties_Fields_AreKept()
    {
        ColumnMap map = ColumnMap.Text().WithProperties("source", "meta.score", "tags", "none", "empty");
        TrainingExample example = map.Map(Record("""{"text": "t", "source": "böok", "meta": {"score": 1.50}, "tags": ["a", "b"], "none": null}"""))!;
        Assert.Equal(new TextExample("t") { Origin = Origin, Properties = new Dictionary<string, string> { ["source"] = "böok", ["meta.score"] = "1.50", ["tags"] = """["a","b"]""" } }, example);
        Assert.Equal(new TextExample("t") { Origin = Origin }, map.Map(Record("""{"text": "t"}""")));
        Assert.Equal("Text(text)", map.Name);
    }

    [Fact]
    public void WithProperties_OfAMapThatLeavesOutOrSetsSome_AddsToThem()
    {
        ColumnMap custom = ColumnMap.Custom(record => (string?)record.Fields["body"] is { } body ? new TextExample(body) { Properties = new Dictionary<string, string> { ["task"] = "own", ["lang"] = "own" } } : null);
        ColumnMap map = custom.WithProperties("lang");
        Assert.Null(map.Map(Record("""{"lang": "de"}""")));
        Assert.Equal(new Dictionary<string, string> { ["task"] = "own", ["lang"] = "de" }, map.Map(Record("""{"lang": "de", "body": "b"}"""))!.Properties);
        AssertFault(map, """{"lang": "\ud800", "body": "b"}""", "the field \"lang\" is not valid Unicode");
    }

    [Fact]
    public void WithProperties_Identity_NamesMapAndFields()
    {
        ColumnMap[] maps = [ColumnMap.Text(), ColumnMap.Text("b"), ColumnMap.Text().WithProperties("a"), ColumnMap.Text().WithProperties("a", "b"), ColumnMap.Text().WithProperties("a, b"), ColumnMap.Text("b").WithProperties("a")];
        Assert.Equal(maps.Length, maps.Select(map => map.Identity).Distinct().Count());
        Assert.Equal(ColumnMap.Text().WithProperties("a").Identity, maps[2].Identity);
        Assert.Throws<ArgumentException>("fields", () => ColumnMap.Auto.WithProperties());
        Assert.Throws<ArgumentException>("fields", () => ColumnMap.Auto.WithProperties("a", ""));
        Assert.Throws<ArgumentException>("fields", () => ColumnMap.Auto.WithProperties("a", "b", "a"));
    }

    internal static RecordOrigin Origin { get; } = new("data.jsonl", 7);

    internal static DataRecord Record(string json) => new(Origin, (JsonObject)JsonNode.Parse(json)!);

    internal static void AssertFault(ColumnMap map, string record, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<FormatException>(() => map.Map(Record(record))).Message, StringComparison.Ordinal);

    internal static void AssertTurns(ColumnMap map, string record, params string[] expected) =>
        Assert.Equal(expected, Assert.IsType<ChatExample>(map.Map(Record(record))).Turns.Select(turn => $"{turn.Role}: {turn.Content}"));
}
