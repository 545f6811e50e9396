using System.Text.Json;
using LongContext.Chat;
using LongContext.Samples.Shared;

namespace LongContext.Samples.InstructionTuning;

/// <summary>Reads --tools: a JSON list of functions in OpenAI's form, as records have it in "tools".</summary>
internal static class ToolsFile
{
    public static IReadOnlyList<ChatTool> Read(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
            return [.. json.RootElement.EnumerateArray().Select(tool => Tool(tool.GetProperty("function")))];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new UsageException($"{path} is no list of tools (of \"function\" with \"name\", \"description\" and \"parameters\"): {fault.Message}");
        }
    }

    private static ChatTool Tool(JsonElement function) => new(
        function.GetProperty("name").GetString()!,
        function.TryGetProperty("description", out JsonElement description) ? description.GetString() : null,
        function.TryGetProperty("parameters", out JsonElement parameters) ? parameters : JsonElement.Parse("{}"));
}
