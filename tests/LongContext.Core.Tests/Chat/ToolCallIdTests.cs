using System.Text.Json;
using System.Text.RegularExpressions;
using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>Ids of other providers' calls in formats that ask for ids of their own form.</summary>
public sealed partial class ToolCallIdTests
{
    private static readonly JsonElement Arguments = JsonElement.Parse("{}");

    [Theory]
    [InlineData("mistral-v3")]
    [InlineData("mistral-nemo")]
    public void Render_IdsOfOtherProviders_AreGivenAnewAlikeForCallAndResult(string name)
    {
        ChatFormat format = ChatFormat.Named(name);
        string[] ids = ["call_1", "toolu_01A09q90qw90lq917835lq9", "Kept12345", "x\"y\\", "é"];
        ChatTurn[] turns = [ChatTurn.User("?"), Calling(ids), .. ids.Reverse().Select(id => ChatTurn.Tool("1", id)), ChatTurn.Assistant("a")];
        string[] written = Ids(format, turns, results: false);
        Assert.Equal("Kept12345", written[2]);
        Assert.All(written, id => Assert.Matches("^[A-Za-z0-9]{9}$", id));
        Assert.Equal(ids.Length, written.Distinct().Count());
        Assert.Equal(written.Reverse(), Ids(format, turns, results: true));

        // What a model writes in answer to such a prompt is read again, and the conversation goes on from there.
        ChatText text = format.Render(turns);
        ToolCallReader reader = format.ToolCalls!.CreateReader();
        AssistantSpan span = text.AssistantSpans[0];
        ChatToolCall[] read = [.. reader.Add(text.Text[span.Start..span.ContentEnd]).Concat(reader.Flush()).Select(reading => reading.Call!)];
        Assert.Equal(written, read.Select(call => call.Id));
    }

    [Fact]
    public void Render_AConversationThatGrows_KeepsItsBeginning()
    {
        ChatFormat format = ChatFormat.Named("mistral-nemo");
        ChatTurn[] turns = [ChatTurn.User("?"), Calling("call_1"), ChatTurn.Tool("1", "call_1"), ChatTurn.Assistant("a"), ChatTurn.User("?!"), Calling("call_2"), ChatTurn.Tool("2", "call_2")];
        Assert.StartsWith(format.Render(turns[..4]).Text, format.Render(turns).Text, StringComparison.Ordinal);
        string[] ids = Ids(format, turns, results: false);
        Assert.NotEqual(ids[0], ids[1]);
        // Where another call has the id already that one would be given, it is given the next.
        ChatTurn[] taken = [ChatTurn.User("?"), Calling(ids[0], "call_1"), ChatTurn.Tool("1", "call_1"), ChatTurn.Tool("2", ids[0]), ChatTurn.Assistant("a")];
        string[] other = Ids(format, taken, results: false);
        Assert.Equal(ids[0], other[0]);
        Assert.NotEqual(ids[0], other[1]);
        Assert.Equal([other[1], other[0]], Ids(format, taken, results: true));
    }

    [Fact]
    public void Render_ResultsWithoutAnId_AreRefusedWhereTheFormatWritesIt()
    {
        ChatTurn[] turns = [ChatTurn.User("?"), Calling("call_1"), ChatTurn.Tool("1", "call_1") with { ToolCallId = null }];
        Assert.Contains("Turn 2 (tool) has no tool call id", Assert.Throws<ArgumentException>(() => ChatFormat.Named("mistral-v3").Render(turns)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ChatFormat.Named("mistral-v3").Render([turns[0], turns[1], turns[2] with { ToolCallId = "" }]));
        Assert.NotEmpty(ChatFormat.Named("qwen3").Render(turns).Text);
    }

    private static ChatTurn Calling(params string[] ids) => ChatTurn.Assistant("") with { ToolCalls = [.. ids.Select(id => new ChatToolCall(id, "f", Arguments))] };

    private static string[] Ids(ChatFormat format, ChatTurn[] turns, bool results) => [.. Written().Matches(format.Render(turns).Text).Where(match => (match.Groups[1].Value == "call_id") == results).Select(match => match.Groups[2].Value)];

    [GeneratedRegex("\"(id|call_id)\": \"([^\"]*)\"")]
    private static partial Regex Written();
}
