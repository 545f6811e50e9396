using LongContext.Chat;

namespace LongContext.Data.Examples;

public sealed class TrainingExampleTests
{
    [Fact]
    public void ToString_EveryForm_ShowsWhatIsInIt()
    {
        RecordOrigin origin = new("a.jsonl", 3);
        Dictionary<string, string> properties = new() { ["task"] = "sums", ["n"] = "2" };
        Assert.Equal("TextExample { TextLength = 2, Text = hi }", new TextExample("hi").ToString());
        Assert.Equal(
            "PromptExample { Origin = a.jsonl, line 3, Properties = {task: sums, n: 2}, TextLength = 3, Prompt = q?, Completion = a, PromptCounts = False }",
            new PromptExample("q?", "a") { Origin = origin, Properties = properties }.ToString());
        Assert.Equal("ChatExample { TextLength = 4, Turns = [user: hi | assistant: ho] }", new ChatExample([ChatTurn.User("hi"), ChatTurn.Assistant("ho")]).ToString());
        Assert.Equal("SegmentsExample { TextLength = 3, Segments = [-q | +an] }", new SegmentsExample([new("q", false), new("an", true)]).ToString());
    }

    [Fact]
    public void Equals_OfConversations_GoesByTheirTurns()
    {
        ChatExample one = new([ChatTurn.User("hi"), ChatTurn.Assistant("ho")]) { Properties = new Dictionary<string, string> { ["a"] = "b" } };
        ChatExample same = new(new List<ChatTurn> { ChatTurn.User("hi"), ChatTurn.Assistant("ho") }) { Properties = new Dictionary<string, string> { ["a"] = "b" } };
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, same with { Turns = [ChatTurn.User("hi"), ChatTurn.Assistant("ho") with { CountsInLoss = false }] });
        Assert.NotEqual(one, same with { Turns = [ChatTurn.User("hi")] });
        Assert.NotEqual(one, same with { Properties = new Dictionary<string, string> { ["a"] = "c" } });
        Assert.NotEqual(one, same with { Origin = new RecordOrigin("a", 1) });
    }
}
