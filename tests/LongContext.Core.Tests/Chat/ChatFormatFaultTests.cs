using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>Conversations and options that a format has no place for.</summary>
public sealed class ChatFormatFaultTests
{
    [Fact]
    public void Render_NoTurns_Throws() => AssertFault("no turns", "chatml", []);

    [Theory]
    [InlineData("Assistant")]
    [InlineData("")]
    public void Render_UnknownRole_NamesTurnAndRole(string role) =>
        AssertFault($"Turn 1 has the role \"{role}\"", "chatml", [ChatTurn.User("Hi"), new ChatTurn(role, "x")]);

    [Fact]
    public void Render_NullTurnOrContent_NamesTheTurn()
    {
        Assert.Throws<ArgumentNullException>(() => ChatFormat.Named("chatml").Render(null!));
        Assert.Throws<ArgumentNullException>(() => ChatFormat.Named("chatml").Render([null!]));
        AssertFault("Turn 0 (user) has no content", "chatml", [ChatTurn.User(null!)]);
    }

    [Theory]
    [InlineData("llama2")]
    [InlineData("mistral-0.1")]
    [InlineData("mistral-0.2")]
    [InlineData("mistral-v1")]
    [InlineData("mistral-v3")]
    [InlineData("mistral-nemo")]
    [InlineData("gemma")]
    [InlineData("gemma3")]
    public void Render_RolesThatDoNotAlternate_NamesTheTurn(string name)
    {
        AssertFault("Turn 1 has the role \"user\", expected another than \"user\"", name, [ChatTurn.User("a"), ChatTurn.User("b")]);
        AssertFault("Turn 0 has the role \"assistant\", expected \"user\"", name, [ChatTurn.Assistant("a")]);
        AssertFault("Turn 2 has the role \"assistant\"", name, [ChatTurn.User("a"), ChatTurn.Assistant("b"), ChatTurn.Assistant("c")]);
    }

    [Theory]
    [InlineData("gemma")]
    [InlineData("mistral-0.1")]
    [InlineData("mistral-0.2")]
    public void Render_SystemPromptWhereThereIsNoPlaceForOne_Throws(string name) =>
        AssertFault("Turn 0 has the role \"system\"", name, [ChatTurn.System("a"), ChatTurn.User("b")]);

    [Theory]
    [InlineData("mistral-v1")]
    [InlineData("mistral-v3")]
    [InlineData("mistral-nemo")]
    public void Render_SystemPromptInTheMiddleOfMistral_Throws(string name) =>
        AssertFault("Turn 2 has the role \"system\"", name, [ChatTurn.System("s"), ChatTurn.User("a"), ChatTurn.System("b")]);

    [Fact]
    public void Render_ContradictingOptions_Throws()
    {
        var both = new ChatRenderOptions { AddGenerationPrompt = true, ContinueFinalTurn = true };
        AssertFault("not both", "chatml", [ChatTurn.Assistant("a")], both);
        AssertFault("only an assistant's can be continued", "chatml", [ChatTurn.User("a")], new ChatRenderOptions { ContinueFinalTurn = true });
    }

    [Theory]
    [InlineData("llama4")]
    [InlineData("qwen")]
    public void Named_UnknownName_ListsThoseThatThereAre(string name)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => ChatFormat.Named(name));
        Assert.Contains($"\"{name}\"; expected one of llama2, llama3, llama3.1", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Named_EveryKnownName_IsFoundInAnyCase()
    {
        Assert.Equal(ChatFormat.KnownNames.Count, ChatFormat.KnownNames.Distinct().Count());
        Assert.All(ChatFormat.KnownNames, name => Assert.Equal(name, ChatFormat.Named(name.ToUpperInvariant()).Name));
    }

    [Fact]
    public void Constructor_NoStopToken_Throws()
    {
        Assert.Throws<ArgumentException>(() => new OwnFormat([]));
        Assert.Throws<ArgumentException>(() => new OwnFormat([""]));
    }

    [Fact]
    public void Render_FormatSuppliedInCSharp_WorksAsTheOthersDo()
    {
        ChatText text = new OwnFormat(["#"]).Render([ChatTurn.User("Hi"), ChatTurn.Assistant("Yo")], new ChatRenderOptions { ContinueFinalTurn = true });
        Assert.Equal("user: Hi#assistant: Yo", text.Text);
        Assert.Equal(new AssistantSpan(1, 20, 22, 22), Assert.Single(text.AssistantSpans));
    }

    private static void AssertFault(string message, string format, ChatTurn[] turns, ChatRenderOptions? options = null) =>
        Assert.Contains(
            message, Assert.Throws<ArgumentException>(() => ChatFormat.Named(format).Render(turns, options)).Message, StringComparison.Ordinal);

    private sealed class OwnFormat(string[] stops) : ChatFormat("own", stops)
    {
        protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
        {
            for (int i = 0; i < turns.Count; i++)
            {
                text.Append(turns[i].Role + ": ");
                if (turns[i].Role == "assistant") text.AppendAnswer(i, turns[i].Content, "#");
                else text.Append(turns[i].Content + "#");
            }
        }
    }
}
