using System.Text.Json;
using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>What tools and calls are refused, and where.</summary>
public sealed class ChatToolTests
{
    private static readonly JsonElement Empty = JsonElement.Parse("{}");
    private static readonly ChatToolCall Call = new("abcdefghi", "f", Empty);

    [Theory]
    [InlineData("")]
    [InlineData("f g")]
    [InlineData("é")]
    [InlineData("f\"")]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234")]
    public void Constructor_OtherNames_AreRefused(string name)
    {
        Assert.Contains($"named \"{name}\"", Assert.Throws<ArgumentException>(() => new ChatTool(name, null, Empty)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ChatToolCall("x", name, Empty));
    }

    [Theory]
    [InlineData("[]", "are Array, expected an object")]
    [InlineData("""{"a": {"b": 1, "b": 1}}""", "have the key \"b\" twice")]
    [InlineData("""{"a": ["\ud800"]}""", "have half a surrogate pair in a string")]
    [InlineData("""{"\ud800": 1}""", "have half a surrogate pair in a key")]
    public void Constructor_OtherJson_IsRefused(string json, string expected)
    {
        JsonElement value = JsonElement.Parse(json);
        Assert.Contains($"The parameters of the tool \"f\" {expected}", Assert.Throws<ArgumentException>(() => new ChatTool("f", null, value)).Message, StringComparison.Ordinal);
        Assert.Contains($"The arguments of the call of \"f\" {expected}", Assert.Throws<ArgumentException>(() => new ChatToolCall("x", "f", value)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ChatTool("f", null, default));
        Assert.Throws<ArgumentException>(() => new ChatToolCall("", "f", Empty));
    }

    [Theory]
    [InlineData("chatml")]
    [InlineData("llama3")]
    [InlineData("gemma3")]
    [InlineData("mistral-v7")]
    [InlineData("deepseek-r1")]
    public void Render_ToolsWhereTheFormatHasNone_NamesTheFormat(string name)
    {
        ChatFormat format = ChatFormat.Named(name);
        Assert.Null(format.ToolCalls);
        ChatTurn[] turns = [ChatTurn.User("?"), ChatTurn.Assistant("a")];
        foreach (Action render in new Action[]
        {
            () => format.Render(turns, new ChatRenderOptions { Tools = [new ChatTool("f", null, Empty)] }),
            () => format.Render([turns[0], turns[1] with { ToolCalls = [Call] }]),
            () => format.Render([.. turns, ChatTurn.Tool("1", Call.Id)]),
        })
        {
            Assert.StartsWith($"The chat format \"{name}\" has no place for tools", Assert.Throws<NotSupportedException>(render).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Render_ToolsThatNoFormatTakes_AreRefused()
    {
        ChatFormat format = ChatFormat.Named("llama3.1");
        ChatTool tool = new("f", null, Empty);
        ChatTurn calling = ChatTurn.Assistant("") with { ToolCalls = [Call] };
        AssertRefused("only an assistant makes them", [ChatTurn.User("?") with { ToolCalls = [Call] }]);
        AssertRefused("has null among its tool calls", [ChatTurn.User("?"), calling with { ToolCalls = [null!] }]);
        AssertRefused("Two tools are named \"f\"", [ChatTurn.User("?")], tool, tool);
        AssertRefused("nothing of it is left to be continued", [ChatTurn.User("?"), calling]);
        AssertRefused("only support single tool calls at once", [ChatTurn.User("?"), calling with { ToolCalls = [Call, Call] }]);
        AssertRefused("turn 0 has the role \"assistant\"", [calling], tool);
        AssertRefused("there is no turn to do so", [ChatTurn.System("s")], tool);
        Assert.Throws<ArgumentException>(() => format.ToolCalls!.Write([Call, Call]));
        Assert.Throws<ArgumentException>(() => format.ToolCalls!.Write([]));

        void AssertRefused(string expected, ChatTurn[] turns, params ChatTool[] tools)
        {
            var options = new ChatRenderOptions { Tools = tools, ContinueFinalTurn = expected.Contains("continued", StringComparison.Ordinal) };
            Assert.Contains(expected, Assert.Throws<ArgumentException>(() => format.Render(turns, options)).Message, StringComparison.Ordinal);
        }
    }
}
