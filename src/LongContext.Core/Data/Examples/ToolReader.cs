using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Writing;

namespace LongContext.Data.Examples;

/// <summary>Reads tools and calls of them, in OpenAI's form; any list or object of it may stand as JSON text, as tables with one type for a column have it.</summary>
internal static class ToolReader
{
    /// <summary>Characters of such a text: as many as a call may have.</summary>
    internal const int MaximumTextLength = ToolCallReader.MaximumLength;

    // A list and two objects stand around a schema.
    private static readonly JsonDocumentOptions TextOptions = new() { MaxDepth = ToolJson.MaximumDepth + 3, AllowDuplicateProperties = false };
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ToolJson.MaximumDepth, AllowDuplicateProperties = false };

    /// <param name="fields">The record, in which "tools" is the list of tools; missing or null for none.</param>
    /// <exception cref="DataFormatException">It is no list of tools.</exception>
    /// <exception cref="ConversationException">A tool is no function, or cannot be used as it is.</exception>
    public static ChatTool[] ReadTools(JsonObject fields)
    {
        const string where = $"\"{ExampleFields.Tools}\"";
        fields.TryGetPropertyValue(ExampleFields.Tools, out JsonNode? node);
        ChatTool[] tools = [.. Functions(Read(node, where), where).Select(item => Make(item.Where, () => new ChatTool(
            RecordFields.Text(item.Function["name"], $"{item.Where}.function.name"),
            item.Function["description"] is { } description ? RecordFields.Text(description, $"{item.Where}.function.description") : null,
            item.Function["parameters"] is { } parameters ? Element(parameters, $"{item.Where}.function.parameters") : Element("{}"))))];
        return tools.GroupBy(tool => tool.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new ConversationException($"{where} has two tools with the name \"{twice.Key}\"")
            : tools;
    }

    /// <param name="node">The list of calls, as <see cref="Read"/> gives it; null for none.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <exception cref="DataFormatException">It is none.</exception>
    /// <exception cref="ConversationException">A call is of no function, or cannot be used as it is.</exception>
    public static ChatToolCall[] ReadCalls(JsonNode? node, string where) => [.. Functions(node, where).Select(item => Make(item.Where, () => new ChatToolCall(
        RecordFields.Text(item.Fields["id"], $"{item.Where}.id"),
        RecordFields.Text(item.Function["name"], $"{item.Where}.function.name"),
        Arguments(item.Function["arguments"], $"{item.Where}.function.arguments"))))];

    /// <summary>What a text holds; another value as it is.</summary>
    /// <param name="node">The value; null for none.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <exception cref="DataFormatException">The text is not valid Unicode.</exception>
    /// <exception cref="ConversationException">The text is no JSON, or too long.</exception>
    public static JsonNode? Read(JsonNode? node, string where)
    {
        if (node?.GetValueKind() != JsonValueKind.String) return node;
        string text = Text(node, where);
        return text.Length == 0 ? null : Make(where, () => Parse(text));
    }

    /// <summary>JSON that is sound throughout, as records are: nothing in it throws when it is looked at later.</summary>
    private static JsonNode? Parse(string text)
    {
        using (JsonDocument document = JsonDocument.Parse(text, TextOptions))
        {
            if (ToolJson.Fault(document.RootElement, TextOptions.MaxDepth) is { } fault) throw new ArgumentException($"the text's values {fault}");
        }

        return JsonNode.Parse(text, documentOptions: TextOptions);
    }

    private static IEnumerable<(string Where, JsonObject Fields, JsonObject Function)> Functions(JsonNode? node, string where)
    {
        if (!MessageReader.HoldsSomething(node)) yield break;
        if (node is not JsonArray items) throw new DataFormatException($"{where} is {RecordFields.Describe(node)}, expected a list.");
        for (int i = 0; i < items.Count; i++)
        {
            string at = $"{where}[{i.ToString(CultureInfo.InvariantCulture)}]";
            if (Read(items[i], at) is not JsonObject fields) throw new DataFormatException($"{at} is {RecordFields.Describe(items[i])}, expected an object with \"function\".");
            if (fields["type"] is { } type && RecordFields.Text(type, $"{at}.type") is var kind and not "function")
                throw new ConversationException($"{at} is of the type \"{kind}\", expected \"function\"");
            if (Read(fields["function"], $"{at}.function") is not JsonObject function)
                throw new DataFormatException($"{at}.function is {RecordFields.Describe(fields["function"])}, expected an object with \"name\".");
            yield return (at, fields, function);
        }
    }

    /// <summary>Arguments are JSON text in OpenAI's form; data sets have the object itself as well.</summary>
    private static JsonElement Arguments(JsonNode? node, string where) =>
        node is JsonObject ? Element(node, where) : Element(RecordFields.Text(node, where) is { Length: 0 } ? "{}" : Text(node, where));

    /// <summary>A value, or what its text holds.</summary>
    private static JsonElement Element(JsonNode node, string where)
    {
        if (node.GetValueKind() != JsonValueKind.String) return Element(node.ToJsonString());
        string text = Text(node, where);
        return Element(text.Length == 0 ? "{}" : text);
    }

    private static JsonElement Element(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json, Options);
        return document.RootElement.Clone();
    }

    private static string Text(JsonNode? node, string where)
    {
        string text = RecordFields.Text(node, where);
        return text.Length <= MaximumTextLength ? text
            : throw new ConversationException($"{where} is a text of {text.Length} characters, expected at most {MaximumTextLength}");
    }

    private static T Make<T>(string where, Func<T> make)
    {
        try
        {
            return make();
        }
        catch (Exception fault) when (fault is ArgumentException or JsonException or InvalidOperationException)
        {
            // The last of them where half a surrogate pair is met.
            throw new ConversationException($"{where}: {fault.Message.TrimEnd('.')}");
        }
    }
}
