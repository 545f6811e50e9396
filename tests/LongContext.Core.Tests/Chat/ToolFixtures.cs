using System.Text.Json;
using LongContext.Chat;
using LongContext.Chat.Templates;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Chat;

/// <summary>tests/Fixtures/chat-tools: conversations with tools, and what the official templates make of them.</summary>
internal static class ToolFixtures
{
    public static readonly DateOnly Today = new(2025, 3, 7);

    /// <summary>The templates' names, without the file that has the conversations.</summary>
    public static IEnumerable<string> Names => TestPaths.FixtureFiles("*.json", "chat-tools").Select(row => row.Data).Where(file => file != "cases.json");

    public static JsonElement Read(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Fixtures, "chat-tools", file)));
        return document.RootElement.Clone();
    }

    public static ChatFormat Format(JsonElement fixture) =>
        ChatTemplateCatalog.Find(fixture.GetProperty("fingerprint").GetString()!, new TemplateSource("", "", "", "<BOS>", "<EOS>"), Qwen25System)
        ?? throw new InvalidOperationException($"No format has the fingerprint {fixture.GetProperty("fingerprint")}.");

    public static (ChatTurn[] Turns, ChatRenderOptions Options) Case(JsonElement item) => (
        [.. item.GetProperty("messages").EnumerateArray().Select(Turn)],
        new ChatRenderOptions
        {
            Tools = [.. item.GetProperty("tools").EnumerateArray().Select(Tool)],
            AddGenerationPrompt = item.GetProperty("add_generation_prompt").GetBoolean(),
            EnableThinking = item.TryGetProperty("enable_thinking", out JsonElement thinks) ? thinks.GetBoolean() : null,
            TimeProvider = new FixedClock(Today),
        });

    public static JsonElement Json(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    private const string Qwen25System = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

    private static ChatTool Tool(JsonElement tool) =>
        new(tool.GetProperty("name").GetString()!, tool.GetProperty("description").GetString(), Json(tool.GetProperty("parameters").GetString()!));

    private static ChatTurn Turn(JsonElement message) => ChatFolders.Turn(message) with
    {
        ToolCalls = message.TryGetProperty("tool_calls", out JsonElement calls) ? [.. calls.EnumerateArray().Select(Call)] : [],
        ToolCallId = message.TryGetProperty("tool_call_id", out JsonElement id) ? id.GetString() : null,
        ToolName = message.TryGetProperty("name", out JsonElement name) ? name.GetString() : null,
    };

    private static ChatToolCall Call(JsonElement call)
    {
        JsonElement function = call.GetProperty("function");
        return new ChatToolCall(call.GetProperty("id").GetString()!, function.GetProperty("name").GetString()!, Json(function.GetProperty("arguments").GetString()!));
    }
}
