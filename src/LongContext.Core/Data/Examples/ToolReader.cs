using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Writing;

namespace LongContext.Data.Examples;

/// <summary>Reads tools and calls of them, in OpenAI's form.</summary>
internal static class ToolReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ToolJson.MaximumDepth, AllowDuplicateProperties = false };

    /// <param name="fields">The record, in which "tools" is the list of tools; missing or null for none.</param>
    /// <exception cref="DataFormatException">It is no list of tools.</exception>
    /// <exception cref="ConversationException">A tool is no function.</exception>
    public static ChatTool[] ReadTools(JsonObject fields)
    {
        const string where = $"\"{ExampleFields.Tools}\"";
        fields.TryGetPropertyValue(ExampleFields.Tools, out JsonNode? node);
        ChatTool[] tools = [.. Functions(node, where).Select(item => Make(item.Where, () => new ChatTool(
            RecordFields.Text(item.Function["name"], $"{item.Where}.function.name"),
            item.Function["description"] is { } description ? RecordFields.Text(description, $"{item.Where}.function.description") : null,
            item.Function["parameters"] is { } parameters ? Element(parameters.ToJsonString()) : Element("{}"))))];
        return tools.GroupBy(tool => tool.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new DataFormatException($"{where} has two tools with the name \"{twice.Key}\".")
            : tools;
    }

    /// <param name="node">The list of calls; null for none.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <exception cref="DataFormatException">It is none.</exception>
    /// <exception cref="ConversationException">A call is of no function.</exception>
    public static ChatToolCall[] ReadCalls(JsonNode? node, string where) => [.. Functions(node, where).Select(item => Make(item.Where, () => new ChatToolCall(
        RecordFields.Text(item.Fields["id"], $"{item.Where}.id"),
        RecordFields.Text(item.Function["name"], $"{item.Where}.function.name"),
        Arguments(item.Function["arguments"], $"{item.Where}.function.arguments"))))];

    private static IEnumerable<(string Where, JsonObject Fields, JsonObject Function)> Functions(JsonNode? node, string where)
    {
        if (!MessageReader.HoldsSomething(node)) yield break;
        if (node is not JsonArray items) throw new DataFormatException($"{where} is {RecordFields.Describe(node)}, expected a list.");
        for (int i = 0; i < items.Count; i++)
        {
            string at = $"{where}[{i.ToString(CultureInfo.InvariantCulture)}]";
            if (items[i] is not JsonObject fields) throw new DataFormatException($"{at} is {RecordFields.Describe(items[i])}, expected an object with \"function\".");
            if (fields["type"] is { } type && RecordFields.Text(type, $"{at}.type") is var kind and not "function")
                throw new ConversationException($"{at} is of the type \"{kind}\", expected \"function\"");
            if (fields["function"] is not JsonObject function)
                throw new DataFormatException($"{at}.function is {RecordFields.Describe(fields["function"])}, expected an object with \"name\".");
            yield return (at, fields, function);
        }
    }

    /// <summary>Arguments are JSON text in OpenAI's form; data sets have the object itself as well.</summary>
    private static JsonElement Arguments(JsonNode? node, string where)
    {
        if (node is JsonObject fields) return Element(fields.ToJsonString());
        string text = RecordFields.Text(node, where);
        return Element(text.Length == 0 ? "{}" : text);
    }

    private static JsonElement Element(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json, Options);
        return document.RootElement.Clone();
    }

    private static T Make<T>(string where, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception fault) when (fault is ArgumentException or JsonException)
        {
            throw new DataFormatException($"{where}: {fault.Message}", fault);
        }
    }
}
