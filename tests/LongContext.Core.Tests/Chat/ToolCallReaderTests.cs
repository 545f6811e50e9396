using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>What the reader takes for a call, and what for text.</summary>
public sealed class ToolCallReaderTests
{
    private const string Call = """{"name": "f", "arguments": {"a": 1}}""";

    [Theory]
    [InlineData("hermes", "<tool_call>\n" + Call + "\n</tool_call>", "f{\"a\": 1}")]
    [InlineData("hermes", "I look.\n<tool_call>" + Call + "</tool_call>\n\n<tool_call>\n" + Call + "\n</tool_call>\n", "I look.|f{\"a\": 1}|f{\"a\": 1}")]
    [InlineData("hermes", "<tool_call>\n" + Call + "\n</tool_call>\n So.", "f{\"a\": 1}|So.")]
    [InlineData("hermes", "<tool_call>" + Call, "f{\"a\": 1}")]
    [InlineData("hermes", "<tool_call>[" + Call + "," + Call + "]</tool_call>.", "f{\"a\": 1}|f{\"a\": 1}|.")]
    [InlineData("hermes", " a < b </tool_call> <tool_cal l> \n", " a < b </tool_call> <tool_cal l> \n")]
    [InlineData("hermes", "<tool_call>{\"arguments\": {}, \"id\": 3, \"name\": \"f\"}</tool_call>", "f{}")]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": [1]}\"}</tool_call>", "f{\"a\": [1]}")]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"parameters\": {\"<tool_call>\": \"}\"}}</tool_call>", "f{\"<tool_call>\": \"}\"}")]
    [InlineData("hermes", """<tool_call>{"name": "\u0066", "arguments": {"q": "} ] { [ </tool_call> \" \\", "\ud83d\ude00": [[{}], {"b": []}]}}</tool_call>""", """f{"q": "} ] { [ </tool_call> \" \\", "\ud83d\ude00": [[{}], {"b": []}]}""")]
    [InlineData("hermes", "<tool_call>\r\n" + Call + "\r\n</tool_call>\r\n<tool_call>\r\n" + Call + "\r\n</tool_call>", "f{\"a\": 1}|f{\"a\": 1}")]
    [InlineData("hermes", "<tool_call>" + Call + "}\n</tool_call>\n<tool_call>" + Call + "}}</tool_call> So {}.", "f{\"a\": 1}|f{\"a\": 1}|So {}.")]
    [InlineData("llama3", """{"name": "f", "parameters": {}}}""", "f{}")]
    [InlineData("mistral", "[TOOL_CALLS] [" + Call + "}, " + Call + "}]", "f{\"a\": 1}|f{\"a\": 1}")]
    [InlineData("llama3", """{"name": "f", "parameters": {"a": 1}} That is it.""", "f{\"a\": 1}|That is it.")]
    [InlineData("llama3", """{"name": "f", "parameters": {"a": 1}}""", "f{\"a\": 1}")]
    [InlineData("llama3", """ {"name": "f", "parameters": {}}; {"name": "g", "parameters": {}}""", "f{}|g{}")]
    [InlineData("llama3", """<|python_tag|>{"type": "function", "name": "f", "parameters": {}}""", "f{}")]
    [InlineData("llama3", """{"type": "function", "name": "f", "parameters": {}}""", "f{}")]
    [InlineData("llama3", "{\n  \"type\": \"function\",\n  \"name\": \"f\",\n  \"arguments\": {}\n}", "f{}")]
    [InlineData("llama3", """{"id": 1, "name": "f", "parameters": {}}""", """{"id": 1, "name": "f", "parameters": {}}""")]
    [InlineData("llama3", """{"type": ["function", "name"], "name": "f", "parameters": {}}""", """{"type": ["function", "name"], "name": "f", "parameters": {}}""")]
    [InlineData("llama3", """{"type": {"function": "name"}, "name": "f", "parameters": {}}""", """{"type": {"function": "name"}, "name": "f", "parameters": {}}""")]
    [InlineData("llama3", """{"type": 1, "function": 2, "name": "f", "parameters": {}}""", """{"type": 1, "function": 2, "name": "f", "parameters": {}}""")]
    [InlineData("llama3", """{"type": "object", "name": "f", "parameters": {}}""", """{"type": "object", "name": "f", "parameters": {}}""")]
    [InlineData("llama3", """{"type": "function", "function": {"name": "f", "parameters": {}}}""", """{"type": "function", "function": {"name": "f", "parameters": {}}}""")]
    [InlineData("llama3", """{"\u006eame": "f", "parameters": {}}""", """{"\u006eame": "f", "parameters": {}}""")]
    [InlineData("llama3", """{"name": "f", "age": 3}""", """{"name": "f", "age": 3}""")]
    [InlineData("llama3", """So: {"name": "f", "parameters": {}}""", """So: {"name": "f", "parameters": {}}""")]
    [InlineData("llama3", """So: <|python_tag|>{"name": "f", "parameters": {}}""", "So:|f{}")]
    [InlineData("llama3", """<|python_tag|>search.call(query="x")""", """<|python_tag|>search.call(query="x")""")]
    [InlineData("mistral", "[TOOL_CALLS] [" + Call + ", {\"name\": \"g\", \"arguments\": {}, \"id\": \"123456789\"}]", "f{\"a\": 1}|g{}")]
    [InlineData("mistral", "[TOOL_CALLS]" + Call, "f{\"a\": 1}")]
    [InlineData("mistral", "[1] and [TOOL] and [TOOL_CALLS][]", "[1] and [TOOL] and [TOOL_CALLS][]")]
    [InlineData("granite", "<|tool_call|>[" + Call + "]", "f{\"a\": 1}")]
    [InlineData("granite", "<tool_call>[" + Call + "]", "f{\"a\": 1}")]
    [InlineData("phi4", "Hm. <|tool_call|>[" + Call + "]<|/tool_call|>", "Hm.|f{\"a\": 1}")]
    public void Add_WholeAnswers_GivesTextAndCalls(string syntax, string answer, string expected) => Assert.Equal(expected, Readings(Syntax(syntax), answer));

    [Theory]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1, \"a\": 2}}\n</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"name\": \"g\", \"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": []}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": \"[1]\"}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f g\", \"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"\", \"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"\\ud800\"}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"\\udc00\": 1}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": True}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {'a': 1}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1]}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"b\n\"}}</tool_call>")]
    [InlineData("<tool_call>\nf(a=1)\n</tool_call>\n")]
    [InlineData("<tool_call>\n{\"name\": \"f\", \"argum")]
    [InlineData("text <tool_call>  ")]
    [InlineData("text \n<tool_c")]
    public void Add_WhatIsNoCall_IsGivenAsItIs(string answer) => Assert.Equal(answer, Readings(ToolCallSyntax.Hermes, answer));

    [Theory]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\"}</tool_call>", "f{}")]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"arguments\": null}</tool_call>", "f{}")]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"arguments\": null, \"parameters\": {\"a\": 1}}</tool_call>", "f{\"a\": 1}")]
    [InlineData("mistral", "[TOOL_CALLS] [{\"name\": \"f\"}]", "f{}")]
    // Where nothing but its form says that it is a call, it may be any JSON.
    [InlineData("llama3", "{\"name\": \"f\"}", "{\"name\": \"f\"}")]
    [InlineData("llama3", "{\"name\": \"f\", \"parameters\": null}", "{\"name\": \"f\", \"parameters\": null}")]
    public void Add_CallWithoutArguments_IsOneBehindAnOpening(string syntax, string answer, string expected) => Assert.Equal(expected, Readings(Syntax(syntax), answer));

    [Fact]
    public void Add_BrokenCallBeforeAGoodOne_LosesOnlyItself()
    {
        const string broken = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}\n</tool_call>";
        Assert.Equal(broken + "|f{\"a\": 1}", Readings(ToolCallSyntax.Hermes, broken + "\n<tool_call>\n" + Call + "\n</tool_call>"));
        Assert.Equal("f{\"a\": 1}|, {\"name\": 1}]", Readings(ToolCallSyntax.Mistral, "[TOOL_CALLS] [" + Call + ", {\"name\": 1}]"));
        Assert.Equal("f{\"a\": 1}|. [TOOL_CALLS]|f{\"a\": 1}", Readings(ToolCallSyntax.Mistral, "[TOOL_CALLS] [" + Call + ". [TOOL_CALLS][TOOL_CALLS]" + Call));
    }

    [Fact]
    public void Add_PiecesOfAnAnswer_GivesEachReadingAsSoonAsItIsKnown()
    {
        ToolCallReader reader = ToolCallSyntax.Hermes.CreateReader();
        Assert.Equal("I look", Text(reader.Add("I look")));
        Assert.Empty(reader.Add(" <tool"));
        Assert.Equal(" <tool>", Text(reader.Add(">")));
        Assert.Empty(reader.Add(""));
        Assert.Empty(reader.Add("\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}"));
        ToolCallReading reading = Assert.Single(reader.Add("}\n</tool"));
        Assert.Equal("f", reading.Call?.Name);
        Assert.Null(reading.Text);
        Assert.Empty(reader.Add("_call>\n"));
        Assert.Empty(reader.Flush());
        Assert.Throws<ArgumentNullException>(() => reader.Add(null!));
    }

    [Fact]
    public void Add_AnswerInJson_IsNotHeldBackWhereABareObjectIsACall()
    {
        ToolCallReader reader = ToolCallSyntax.Llama3.CreateReader();
        Assert.Empty(reader.Add("{\"nam"));
        Assert.Equal("{\"name_of\"", Text(reader.Add("e_of\"")));
        Assert.Equal(": 1}", Text(reader.Add(": 1}")));
        // As early as it shows.
        foreach (string begun in new[] { "{\"id\"", "{\"parameters\"", "{\"type\": \"object\"", "{\"type\": \"function\", \"x\"", "{\"type\": 1", "{\"type\"\"", "{\"type\",", "{}", "{{", "{:", "{x" })
        {
            reader = ToolCallSyntax.Llama3.CreateReader();
            Assert.Empty(reader.Add(begun[..^1]));
            Assert.Equal(begun, Text(reader.Add(begun[^1..])));
        }
    }

    [Fact]
    public void Add_ArgumentsOfTheGreatestDepth_IsACallAndDeeperIsText()
    {
        string At(int depth) => "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": " + new string('[', depth - 1) + new string(']', depth - 1) + "}}";
        Assert.StartsWith("f{", Readings(ToolCallSyntax.Hermes, At(64)), StringComparison.Ordinal);
        Assert.Equal(At(65), Readings(ToolCallSyntax.Hermes, At(65)));
        Assert.Equal(At(100_000), Readings(ToolCallSyntax.Hermes, At(100_000)));
    }

    [Fact]
    public void Add_CallLongerThanTheBound_IsGivenAsTextWithoutEnd()
    {
        ToolCallReader reader = ToolCallSyntax.Hermes.CreateReader();
        Assert.Empty(reader.Add("<tool_call>{\"name\": \"" + new string('f', 1000)));
        string piece = new('f', ToolCallReader.MaximumLength);
        Assert.NotEmpty(reader.Add(piece));
        Assert.Equal(piece, Text(reader.Add(piece)));
    }

    [Fact]
    public void Ids_OfCallsThatBringNone_AreUniqueAndOfTheFormatsForm()
    {
        string[] hermes = [.. Enumerable.Range(0, 1000).Select(_ => Id(ToolCallSyntax.Hermes, "<tool_call>" + Call))];
        Assert.Equal(1000, hermes.Distinct().Count());
        Assert.All(hermes, id => Assert.Matches("^call_[0-9a-z]{9}$", id));
        Assert.Matches("^[0-9a-z]{9}$", Id(ToolCallSyntax.MistralNemo, "[TOOL_CALLS]" + Call));
        const string own = "{\"name\": \"f\", \"arguments\": {}, \"id\": \"IDENTITY\"}";
        Assert.Equal("abc", Id(ToolCallSyntax.Hermes, "<tool_call>" + own.Replace("IDENTITY", "abc", StringComparison.Ordinal)));
        Assert.Equal("aBc456789", Id(ToolCallSyntax.Mistral, "[TOOL_CALLS]" + own.Replace("IDENTITY", "aBc456789", StringComparison.Ordinal)));
        // One that the template would refuse to write again, or nobody would read, is another one's.
        foreach (string other in new[] { "abc", "abc45678_", "abc45678é", "abc4567890", "" })
            Assert.Matches("^[0-9a-z]{9}$", Id(ToolCallSyntax.Mistral, "[TOOL_CALLS]" + own.Replace("IDENTITY", other, StringComparison.Ordinal)));
        Assert.Matches("^call_[0-9a-z]{9}$", Id(ToolCallSyntax.Hermes, "<tool_call>" + own.Replace("IDENTITY", new string('i', 65), StringComparison.Ordinal)));

        static string Id(ToolCallSyntax syntax, string answer) => Assert.Single(syntax.CreateReader().Add(answer)).Call!.Id;
    }

    [Fact]
    public void Ids_ThatAModelWritesTwice_AreNotTheSame()
    {
        const string call = "{\"name\": \"f\", \"arguments\": {\"a\": 1}, \"id\": \"abcdefgh1\"}";
        ToolCallReader reader = ToolCallSyntax.Mistral.CreateReader();
        for (int answer = 0; answer < 2; answer++)
        {
            ChatToolCall[] calls = [.. reader.Add($"[TOOL_CALLS] [{call}, {call}, {call}]").Select(reading => reading.Call!)];
            Assert.Equal("abcdefgh1", calls[0].Id);
            Assert.Equal(3, calls.Select(each => each.Id).Distinct().Count());
            Assert.All(calls, each => Assert.Matches("^[0-9a-z]{9}$", each.Id));
            Assert.All(calls, each => Assert.Equal(("f", "{\"a\": 1}"), (each.Name, each.Arguments.GetRawText())));
            // What the next answer has is its own.
            Assert.Empty(reader.Flush());
        }
    }

    internal static ToolCallSyntax Syntax(string name) => name switch
    {
        "hermes" => ToolCallSyntax.Hermes,
        "llama3" => ToolCallSyntax.Llama3,
        "mistral" => ToolCallSyntax.Mistral,
        "mistral-nemo" => ToolCallSyntax.MistralNemo,
        "granite" => ToolCallSyntax.Granite,
        _ => ToolCallSyntax.Phi4Mini,
    };

    /// <summary>Texts and calls, "|" between them; texts in a row joined.</summary>
    internal static string Show(IEnumerable<ToolCallReading> readings)
    {
        var parts = new List<string>();
        bool text = false;
        foreach (ToolCallReading reading in readings)
        {
            if (reading.Text is not null && text) parts[^1] += reading.Text;
            else parts.Add(reading.Text ?? reading.Call!.Name + reading.Call.Arguments.GetRawText());
            text = reading.Text is not null;
        }

        return string.Join('|', parts);
    }

    private static string Readings(ToolCallSyntax syntax, string answer)
    {
        ToolCallReader reader = syntax.CreateReader();
        return Show([.. reader.Add(answer), .. reader.Flush()]);
    }

    private static string Text(IReadOnlyList<ToolCallReading> readings) => string.Concat(readings.Select(reading => Assert.IsType<string>(reading.Text)));
}
