using System.Text.Json;
using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>Conversations with tools come out as each model's own template writes them, and answers are found in them again.</summary>
public sealed class ToolFixtureTests
{
    public static IEnumerable<TheoryDataRow<string>> Templates => ToolFixtures.Names.Select(name => new TheoryDataRow<string>(name));

    [Theory]
    [MemberData(nameof(Templates))]
    public void Render_OfficialTemplatesConversations_GivesTheSameText(string file)
    {
        JsonElement fixture = ToolFixtures.Read(file);
        ChatFormat format = ToolFixtures.Format(fixture);
        JsonElement[] cases = [.. ToolFixtures.Read("cases.json").GetProperty("cases").EnumerateArray()], results = [.. fixture.GetProperty("results").EnumerateArray()];
        Assert.Equal(cases.Length, results.Length);
        foreach ((JsonElement item, JsonElement expected) in cases.Zip(results))
        {
            (ChatTurn[] turns, ChatRenderOptions options) = ToolFixtures.Case(item);
            if (expected.TryGetProperty("text", out JsonElement text)) Assert.Equal(text.GetString(), format.Render(turns, options).Text);
            // Ids that the template refuses are given anew here (ToolCallIdTests).
            else if (item.GetProperty("case").GetString() == "id of another length") Assert.Contains("\"call_id\": \"", format.Render(turns, options).Text, StringComparison.Ordinal);
            else Assert.Throws<ArgumentException>(() => format.Render(turns, options));
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    public void AssistantSpans_OfTurnsWithCalls_HoldTheCallsAsTheReaderFindsThem(string file)
    {
        JsonElement fixture = ToolFixtures.Read(file);
        ChatFormat format = ToolFixtures.Format(fixture);
        int found = 0;
        foreach (JsonElement item in ToolFixtures.Read("cases.json").GetProperty("cases").EnumerateArray())
        {
            (ChatTurn[] turns, ChatRenderOptions options) = ToolFixtures.Case(item);
            ChatText text;
            try
            {
                text = format.Render(turns, options);
            }
            catch (ArgumentException)
            {
                continue;
            }

            foreach (AssistantSpan span in text.AssistantSpans)
            {
                ToolCallReader reader = format.ToolCalls!.CreateReader();
                ToolCallReading[] readings = [.. reader.Add(text.Text[span.Start..span.ContentEnd]), .. reader.Flush()];
                ChatToolCall[] calls = [.. readings.Where(reading => reading.Call is not null).Select(reading => reading.Call!)];
                IReadOnlyList<ChatToolCall> made = turns[span.Turn].ToolCalls;
                Assert.Equal(made.Select(call => call.Name), calls.Select(call => call.Name));
                Assert.All(made.Zip(calls), pair => Assert.True(JsonElement.DeepEquals(pair.First.Arguments, pair.Second.Arguments), $"{pair.Second.Arguments}"));
                found += calls.Length;
            }
        }

        Assert.True(found >= 10, $"{found} calls");
    }
}
