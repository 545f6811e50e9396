using System.Text.Json;

namespace LongContext.Chat;

/// <summary>Lists of tools in OpenAI's JSON form.</summary>
public sealed class ChatToolParsingTests
{
    private const string Schema = """{"type": "object", "properties": {"a": {"type": "number", "minimum": 1.50}}}""";

    private static readonly ChatTool[] Expected = [new("f", "d é", JsonElement.Parse(Schema)), new("g.h", null, JsonElement.Parse("{}"))];

    public static TheoryData<string> Lists { get; } =
    [
        $$$"""[{"type": "function", "function": {"name": "f", "description": "d é", "parameters": {{{Schema}}}, "strict": true}}, {"type": "function", "function": {"name": "g.h"}}]""",
        $$"""[{"name": "f", "description": "d é", "parameters": {{Schema}}}, {"name": "g.h", "description": null, "parameters": null}]""",
        $$$"""[{"type": "function", "name": "f", "description": "d é", "parameters": {{{Schema}}}}, {"function": {"name": "g.h", "parameters": ""}, "type": null}]""",
        $$$"""[{{{Quoted($$"""{"name": "f", "description": "d é", "parameters": {{Schema}}}""")}}}, {"function": {{{Quoted("""{"name": "g.h"}""")}}}}]""",
        $$"""[{"name": "f", "description": "d \u00e9", "parameters": {{Quoted(Schema)}}}, {"function": null, "name": "g.h"}]""",
        // As Anthropic and the Model Context Protocol have it.
        $$"""[{"name": "f", "description": "d \u00e9", "input_schema": {{Schema}}}, {"name": "g.h", "input_schema": null}]""",
        $$"""[{"name": "f", "description": "d \u00e9", "inputSchema": {{Schema}}, "parameters": null}, {"name": "g.h"}]""",
    ];

    [Theory]
    [MemberData(nameof(Lists))]
    public void ParseList_WithAndWithoutWrapping_IsTheSame(string json)
    {
        Assert.Equal(Expected, ChatTool.ParseList(json));
        Assert.Equal(Schema, ChatTool.ParseList(json)[0].Parameters.GetRawText());
        Assert.Equal(Expected, ChatTool.ParseList(JsonElement.Parse(json)));
        Assert.Equal(Expected, ChatTool.ParseList(JsonElement.Parse(Quoted(json))));
    }

    [Fact]
    public void ParseList_AnElementOfADocument_OutlivesIt()
    {
        IReadOnlyList<ChatTool> tools;
        using (var document = JsonDocument.Parse($$"""{"tools": [{"name": "f", "parameters": {{Schema}}}]}""")) tools = ChatTool.ParseList(document.RootElement.GetProperty("tools"));
        Assert.Equal(Schema, Assert.Single(tools).Parameters.GetRawText());
        Assert.Empty(ChatTool.ParseList("[]"));
    }

    [Theory]
    [InlineData("", "tools: ")]
    [InlineData("[{", "tools: ")]
    [InlineData("{}", "tools is an object, expected a list.")]
    [InlineData("null", "tools is null, expected a list.")]
    [InlineData("[1]", "tools[0] is a number, expected an object with \"function\" or \"name\".")]
    [InlineData("[{}]", "tools[0].function is missing, expected an object with \"name\", in it or in its place.")]
    [InlineData("""[{"type": "web_search"}]""", "tools[0] is of the type \"web_search\", expected \"function\".")]
    [InlineData("""[{"type": 1, "name": "f"}]""", "tools[0].type is a number, expected a string.")]
    [InlineData("""[{"name": "f"}, {"function": []}]""", "tools[1].function is an array, expected an object with \"name\".")]
    [InlineData("""[{"function": {}}]""", "tools[0].function.name is missing, expected a string.")]
    [InlineData("""[{"name": 1}]""", "tools[0].name is a number, expected a string.")]
    [InlineData("""[{"name": "a b"}]""", "tools[0]: A function is named \"a b\"")]
    [InlineData("""[{"name": "f", "description": {}}]""", "tools[0].description is an object, expected a string.")]
    [InlineData("""[{"name": "f", "parameters": []}]""", "tools[0]: The parameters of the tool \"f\" are Array, expected an object")]
    [InlineData("""[{"name": "f", "parameters": "{"}]""", "tools[0].parameters: ")]
    [InlineData("""[{"name": "f", "input_schema": "{"}]""", "tools[0].input_schema: ")]
    [InlineData("""[{"name": "f", "parameters": {}, "input_schema": {}}]""", "tools[0] has \"parameters\" and \"input_schema\", expected one of them")]
    [InlineData("""[{"name": "f", "inputSchema": {}, "input_schema": {}}]""", "tools[0] has \"input_schema\" and \"inputSchema\", expected one of them")]
    [InlineData("""[{"name": "f", "name": "g"}]""", "tools")]
    [InlineData("""[{"name": "f", "description": "\ud800"}]""", "half a surrogate pair")]
    [InlineData("""[{"function": "{\"name\": \"f\", \"\\udc00\": 1}"}]""", "tools[0].function: ")]
    [InlineData("""[{"name": "f"}, {"function": {"name": "f"}}]""", "tools has two tools with the name \"f\".")]
    public void ParseList_OtherJson_SaysWhereAndWhat(string json, string expected)
    {
        Assert.Contains(expected, Assert.ThrowsAny<FormatException>(() => ChatTool.ParseList(json)).Message, StringComparison.Ordinal);
        if (json is "" or "[{") return;
        using var document = JsonDocument.Parse(json);
        Assert.Contains(expected, Assert.ThrowsAny<FormatException>(() => ChatTool.ParseList(document.RootElement)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ParseList_BeyondTheBounds_IsRefused()
    {
        static string Deep(int depth) => "[{\"function\": {\"name\": \"f\", \"parameters\": " + string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1) + "}}]";
        Assert.Single(ChatTool.ParseList(Deep(64)));
        Assert.ThrowsAny<FormatException>(() => ChatTool.ParseList(Deep(65)));
        using var deep = JsonDocument.Parse(Deep(65), new JsonDocumentOptions { MaxDepth = 200 });
        Assert.Contains("nested deeper than 64", Assert.ThrowsAny<FormatException>(() => ChatTool.ParseList(deep.RootElement)).Message, StringComparison.Ordinal);
        string most = """[{"name": "f"}]""".PadRight(ToolLists.MaximumTextLength);
        Assert.Single(ChatTool.ParseList(most));
        Assert.Contains("expected at most 1048576", Assert.ThrowsAny<FormatException>(() => ChatTool.ParseList(most + " ")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => ChatTool.ParseList(null!));
        Assert.ThrowsAny<FormatException>(() => ChatTool.ParseList(default(JsonElement)));
    }

    private static string Quoted(string json) => JsonSerializer.Serialize(json);
}
