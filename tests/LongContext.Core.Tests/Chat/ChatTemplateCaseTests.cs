using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;

namespace LongContext.Core.Tests.Chat;

/// <summary>
/// Real templates and what Jinja makes of random conversations: files that tests/Interop/chat_cases.py writes, in the folder that
/// LONGCONTEXT_CHAT_CASES names. Models' templates are never committed.
/// </summary>
public sealed class ChatTemplateCaseTests
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("LONGCONTEXT_CHAT_CASES") is { Length: > 0 } named ? named : null;

    public static IEnumerable<TheoryDataRow<string>> Files => Folder is null
        ? [new TheoryDataRow<string>("none") { Skip = "set LONGCONTEXT_CHAT_CASES to a folder that tests/Interop/chat_cases.py wrote" }]
        : Directory.GetFiles(Folder, "*.json").Order(StringComparer.Ordinal).Select(file => new TheoryDataRow<string>(Path.GetFileName(file)));

    [Theory]
    [MemberData(nameof(Files))]
    public void Render_RandomConversation_IsWhatJinjaMakesOfIt(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder!, file)));
        JsonElement root = document.RootElement;
        ChatFormat format = Load(root.GetProperty("template").GetString()!);
        var clock = new FixedClock(Date(root.GetProperty("today")));
        foreach (JsonElement item in root.GetProperty("cases").EnumerateArray())
        {
            ChatTurn[] turns = [.. item.GetProperty("messages").EnumerateArray().Select(ChatFolders.Turn)];
            var options = new ChatRenderOptions
            {
                AddGenerationPrompt = item.GetProperty("add_generation_prompt").GetBoolean(),
                EnableThinking = item.TryGetProperty("enable_thinking", out JsonElement thinks) ? thinks.GetBoolean() : null,
                Date = item.TryGetProperty("date", out JsonElement date) ? Date(date) : null,
                TimeProvider = clock,
            };
            if (item.TryGetProperty("text", out JsonElement text)) Assert.Equal(text.GetString(), format.Render(turns, options).Text);
            else Assert.Throws<ArgumentException>(() => format.Render(turns, options));
        }
    }

    private static ChatFormat Load(string template)
    {
        try
        {
            return ChatFolders.Load(new JsonObject { ["chat_template"] = template, ["bos_token"] = "<BOS>", ["eos_token"] = "<EOS>" });
        }
        catch (NotSupportedException e)
        {
            Assert.Skip(e.Message);
            throw;
        }
    }

    private static DateOnly Date(JsonElement value) => DateOnly.ParseExact(value.GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
