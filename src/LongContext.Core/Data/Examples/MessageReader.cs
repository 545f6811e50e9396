using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Data.Writing;

namespace LongContext.Data.Examples;

/// <summary>Reads a list of messages as turns.</summary>
internal sealed class MessageReader(ChatColumns columns)
{
    private readonly string[] _refused = columns.ReadsTools ? ["function_call"] : [ExampleFields.ToolCalls, "function_call"];

    /// <param name="node">The list.</param>
    /// <param name="field">Its name, for faults.</param>
    /// <exception cref="DataFormatException">It is no list of messages.</exception>
    /// <exception cref="ConversationException">A message has no text, calls a tool that is not read or in a way that cannot be used, or is of a role that has no place here.</exception>
    public List<ChatTurn> Read(JsonNode? node, string field)
    {
        if (node is not JsonArray messages) throw new DataFormatException($"the field \"{field}\" is {RecordFields.Describe(node)}, expected a list of messages.");
        List<ChatTurn> turns = new(messages.Count);
        var unnamed = new UnnamedCalls();
        for (int i = 0; i < messages.Count; i++)
        {
            string where = $"\"{field}\"[{i.ToString(CultureInfo.InvariantCulture)}]";
            if (messages[i] is not JsonObject message)
                throw new DataFormatException($"{where} is {RecordFields.Describe(messages[i])}, expected an object with \"{columns.Role}\" and \"{columns.Content}\".");
            if (ReadTurn(message, where, unnamed) is { } turn) turns.Add(turn);
        }

        return turns;
    }

    private ChatTurn? ReadTurn(JsonObject message, string where, UnnamedCalls unnamed)
    {
        string called = RecordFields.Text(Require(message, columns.Role, where), $"{where}.{columns.Role}");
        if (!columns.Roles.TryGetValue(called, out string? role))
        {
            string known = string.Join(", ", columns.Roles.Keys.Order(StringComparer.Ordinal).Select(name => $"\"{name}\""));
            throw new ConversationException($"{where}.{columns.Role} is \"{called}\", expected one of {known}{(columns.ReadsTools ? "" : " (tools and their answers have no place in a conversation here)")}");
        }

        foreach (string call in _refused)
        {
            if (message.TryGetPropertyValue(call, out JsonNode? value) && HoldsSomething(value))
                throw new ConversationException($"{where} has \"{call}\"; calls of tools are not supported, expected text alone");
        }

        IReadOnlyList<ChatToolCall> calls = columns.ReadsTools ? ReadCalls(message, role, $"{where}.{ExampleFields.ToolCalls}", unnamed) : [];
        bool mayBeSilent = calls.Count > 0 && (!RecordFields.TryFind(message, columns.Content, out JsonNode? said) || said is null);
        string content = mayBeSilent ? "" : ReadContent(Require(message, columns.Content, where), $"{where}.{columns.Content}");
        if (role == ChatTurn.ToolRole) return unnamed.Name(ReadAnswer(message, content));
        if (string.IsNullOrWhiteSpace(content) && calls.Count == 0)
        {
            return role == ChatTurn.SystemRole ? null : throw new ConversationException($"{where}.{columns.Content} is empty, expected text");
        }

        if (role != ChatTurn.AssistantRole) return new ChatTurn(role, content);
        string? reasoning = columns.Reasoning is { } name ? RecordFields.OptionalText(message, name) : null;
        return new ChatTurn(role, content) { Reasoning = string.IsNullOrEmpty(reasoning) ? null : reasoning, CountsInLoss = ReadWeight(message, where), ToolCalls = calls };
    }

    private static IReadOnlyList<ChatToolCall> ReadCalls(JsonObject message, string role, string where, UnnamedCalls unnamed)
    {
        if (ToolReader.Read(message[ExampleFields.ToolCalls], where) is not { } made) return [];
        if (role != ChatTurn.AssistantRole) throw new ConversationException($"{where} has calls, but the message's role is \"{role}\", expected an assistant's");
        unnamed.BeginTurn();
        return ToolReader.ReadCalls(made, where, unnamed.MakeId);
    }

    private static ChatTurn ReadAnswer(JsonObject message, string content)
    {
        string id = RecordFields.OptionalText(message, ExampleFields.ToolCallId), name = RecordFields.OptionalText(message, ExampleFields.ToolName);
        return new ChatTurn(ChatTurn.ToolRole, content) { ToolCallId = id.Length == 0 ? null : id, ToolName = name.Length == 0 ? null : name };
    }

    private static JsonNode? Require(JsonObject message, string name, string where) =>
        RecordFields.TryFind(message, name, out JsonNode? value) ? value
            : throw new DataFormatException($"{where} has no \"{name}\"; found {RecordFields.Names(message)}.");

    private static string ReadContent(JsonNode? node, string where)
    {
        if (node is not JsonArray parts) return RecordFields.Text(node, where);
        StringBuilder text = new();
        for (int i = 0; i < parts.Count; i++)
        {
            string part = $"{where}[{i.ToString(CultureInfo.InvariantCulture)}]";
            if (parts[i] is JsonObject typed)
            {
                string type = RecordFields.Text(typed["type"], $"{part}.type");
                if (type != "text") throw new ConversationException($"{part} is of the type \"{type}\", expected \"text\" (images and audio have no place here)");
                text.Append(RecordFields.Text(typed["text"], $"{part}.text"));
            }
            else
            {
                text.Append(RecordFields.Text(parts[i], part));
            }
        }

        return text.ToString();
    }

    private bool ReadWeight(JsonObject message, string where)
    {
        if (columns.Weight is not { } name || !RecordFields.TryFind(message, name, out JsonNode? value) || value is null) return true;
        switch (value.GetValueKind())
        {
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Number:
                // By its text: a number may be of any .NET type, depending on the reader.
                if (double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double weight) && weight is 0 or 1) return weight == 1;
                break;
        }

        throw new DataFormatException($"{where}.{name} is {value.ToJsonString()}, expected 0 or 1.");
    }

    internal static bool HoldsSomething(JsonNode? node) => node switch
    {
        null => false,
        JsonArray array => array.Count > 0,
        JsonObject fields => fields.Count > 0,
        _ => node.GetValueKind() is not (JsonValueKind.Null or JsonValueKind.False) && node.ToJsonString() is not "\"\"",
    };
}
