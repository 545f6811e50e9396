using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Writing;

namespace LongContext.Data.Examples;

/// <summary>Reads a record's tools and calls of them, in OpenAI's form.</summary>
internal static class ToolReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ToolLists.MaximumDepth };

    /// <param name="fields">The record, in which "tools" is the list of tools; missing, null or empty for none.</param>
    /// <exception cref="DataFormatException">It is no list of tools.</exception>
    /// <exception cref="ConversationException">A tool is no function, or cannot be used as it is.</exception>
    public static IReadOnlyList<ChatTool> ReadTools(JsonObject fields)
    {
        const string where = $"\"{ExampleFields.Tools}\"";
        fields.TryGetPropertyValue(ExampleFields.Tools, out JsonNode? node);
        return Read(node, where) is { } list ? Guard(() => ToolLists.ReadTools(list, where)) : [];
    }

    /// <param name="list">The list of calls, as <see cref="Read"/> gives it.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <param name="makeId">Gives an id to a call that has none.</param>
    /// <exception cref="DataFormatException">It is none.</exception>
    /// <exception cref="ConversationException">A call is of no function, or cannot be used as it is.</exception>
    public static IReadOnlyList<ChatToolCall> ReadCalls(JsonElement list, string where, Func<string> makeId) => Guard(() => ToolLists.ReadCalls(list, where, makeId));

    /// <summary>What a field holds, or what its text does; null for nothing, whichever way that is said.</summary>
    /// <param name="node">The field.</param>
    /// <param name="where">What it is called in a fault.</param>
    /// <exception cref="DataFormatException">The text is not valid Unicode.</exception>
    /// <exception cref="ConversationException">The text is no JSON, or too long.</exception>
    public static JsonElement? Read(JsonNode? node, string where)
    {
        if (!MessageReader.HoldsSomething(node)) return null;
        JsonElement value = Guard(() => node!.GetValueKind() == JsonValueKind.String ? ToolLists.Parse(RecordFields.Text(node, where), where) : Element(node, where));
        return value.ValueKind switch
        {
            JsonValueKind.Null or JsonValueKind.False => null,
            JsonValueKind.Array when value.GetArrayLength() == 0 => null,
            JsonValueKind.Object when value.GetPropertyCount() == 0 => null,
            JsonValueKind.String when value.ValueEquals("") => null,
            _ => value,
        };
    }

    private static JsonElement Element(JsonNode node, string where)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(node.ToJsonString(), Options);
            return document.RootElement.Clone();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new ConversationException($"{where}: {fault.Message.TrimEnd('.')}");
        }
    }

    private static T Guard<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (ToolFormatException fault)
        {
            throw fault.IsOfWrongKind ? new DataFormatException(fault.Message, fault) : new ConversationException(fault.Message.TrimEnd('.'));
        }
    }
}
