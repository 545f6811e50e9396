using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Calls of functions and their results among a chat's messages.</summary>
/// <param name="limits">The server's options.</param>
internal sealed class ToolMessageFields(OpenAIServerOptions limits)
{
    /// <summary>Arrays and objects within one another, at most: what templates write.</summary>
    private const int DeepestArguments = 64;

    private readonly HashSet<string> called = new(StringComparer.Ordinal);

    /// <summary>The calls that an assistant's message makes ("tool_calls"); empty where there are none.</summary>
    public List<FunctionCallContent> Calls(JsonFields message)
    {
        const string field = "tool_calls";
        List<FunctionCallContent> calls = [];
        if (message.Array(field) is not { } given) return calls;
        foreach (JsonElement item in given)
        {
            if (calls.Count == limits.MaximumTools) throw ProtocolException.Bad($"'{message.Name(field)}' has more than the {limits.MaximumTools} calls that may be.", message.Name(field));
            JsonFields call = JsonFields.Of(item, $"{message.Name(field)}[{calls.Count}]");
            string id = Needed(call, "id");
            if (calls.Exists(other => other.CallId == id)) throw ProtocolException.Bad($"'{call.Name("id")}' is another call's, too.", call.Name("id"));
            ToolFields.RequireFunction(call);
            JsonFields function = call.Object("function") ?? throw ProtocolException.Bad($"'{call.Name("function")}' is missing, expected an object.", call.Name("function"));
            calls.Add(new FunctionCallContent(id, ToolFields.FunctionName(function), Arguments(function)));
        }

        called.UnionWith(calls.Select(call => call.CallId));
        return calls;
    }

    /// <summary>A tool's message: the result of a call before it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="content">Its content.</param>
    public ChatMessage Result(JsonFields message, string content)
    {
        const string field = "tool_call_id";
        string id = Needed(message, field);
        if (!called.Contains(id)) throw ProtocolException.Bad($"'{message.Name(field)}' names no call of a message before it.", message.Name(field));
        return new ChatMessage(ChatRole.Tool, [new FunctionResultContent(id, content)]);
    }

    private static string Needed(JsonFields fields, string field) =>
        fields.String(field) is { Length: > 0 } text ? text : throw ProtocolException.Bad($"'{fields.Name(field)}' is missing or empty, expected a string.", fields.Name(field));

    /// <summary>The arguments, an object that a string spells.</summary>
    private Dictionary<string, object?> Arguments(JsonFields function)
    {
        string field = function.Name("arguments");
        string text = function.String("arguments") ?? throw ProtocolException.Bad($"'{field}' is missing, expected a string that spells a JSON object.", field);
        if (text.Length == 0) text = "{}"; // what some clients send back for a function without parameters
        JsonElement arguments;
        try
        {
            using JsonDocument spelled = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Math.Min(limits.MaximumJsonDepth, DeepestArguments), AllowDuplicateProperties = false });
            arguments = spelled.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ProtocolException.Bad($"'{field}' is no JSON, is nested too deep or has a name twice, expected a string that spells a JSON object.", field);
        }

        if (arguments.ValueKind != JsonValueKind.Object) throw ProtocolException.Bad($"'{field}' is JSON but no object, expected a string that spells one.", field);
        JsonFields.RequireText(arguments, field);
        return arguments.EnumerateObject().ToDictionary(argument => argument.Name, argument => (object?)argument.Value, StringComparer.Ordinal);
    }
}
