using System.Text.Json;
using LongContext.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Calls of functions and their results in chat messages.</summary>
internal static class ChatToolMessages
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>The calls that a message makes.</summary>
    /// <param name="message">A message that is not a tool's.</param>
    /// <param name="number">Its number.</param>
    /// <param name="called">Functions that were called before, by the calls' ids; those of the message are added.</param>
    /// <exception cref="ArgumentException">A call cannot be used, or it is not the assistant's.</exception>
    public static IReadOnlyList<ChatToolCall> Calls(ChatMessage message, int number, Dictionary<string, string> called)
    {
        List<ChatToolCall> calls = [];
        foreach (FunctionCallContent content in message.Contents.OfType<FunctionCallContent>())
        {
            if (message.Role != ChatRole.Assistant) throw new ArgumentException($"Message {number} is the {message.Role}'s and calls \"{content.Name}\", but only an assistant calls functions.");
            ChatToolCall call = Call(content, number);
            if (calls.Exists(other => other.Id == call.Id)) throw new ArgumentException($"Message {number} has two calls of the id \"{call.Id}\".");
            called[call.Id] = call.Name;
            calls.Add(call);
        }

        return calls;
    }

    /// <summary>A tool's message as turns, one for each result.</summary>
    /// <param name="message">The message.</param>
    /// <param name="number">Its number.</param>
    /// <param name="called">Functions that were called before, by the calls' ids.</param>
    /// <exception cref="ArgumentException">It has no result or something else, or one of a call that was not made.</exception>
    public static IEnumerable<ChatTurn> Results(ChatMessage message, int number, IReadOnlyDictionary<string, string> called)
    {
        if (message.Contents.Count == 0) throw new ArgumentException($"Message {number} is a tool's and holds nothing, expected functions' results.");
        foreach (AIContent content in message.Contents)
        {
            if (content is not FunctionResultContent result) throw new ArgumentException($"Message {number} is a tool's and holds a {content.GetType().Name}, expected functions' results.");
            if (!called.TryGetValue(result.CallId, out string? name)) throw new ArgumentException($"Message {number} has the result of a call \"{result.CallId}\", but no message before it makes that call.");
            yield return ChatTurn.Tool(Text(result, number), result.CallId, name);
        }
    }

    private static ChatToolCall Call(FunctionCallContent content, int number)
    {
        try
        {
            IDictionary<string, object?> arguments = content.Arguments ?? new Dictionary<string, object?>();
            return new ChatToolCall(content.CallId, content.Name, JsonSerializer.SerializeToElement(arguments, Compact.GetTypeInfo(typeof(IDictionary<string, object?>))));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or JsonException or InvalidOperationException)
        {
            // A value may be of a type that nobody knows how to write, or be no text.
            throw new ArgumentException($"Message {number} has a call of \"{content.Name}\" that cannot be written: {e.Message}", e);
        }
    }

    /// <summary>A string as it is, texts (as MCP's tools give them) in lines, another value as JSON; without any, what went wrong in the words of FunctionInvokingChatClient.</summary>
    private static string Text(FunctionResultContent content, int number)
    {
        if (content.Result is string text) return text;
        if (content.Result is AIContent one) return Text(one, number);
        if (content.Result is IEnumerable<AIContent> several) return string.Join('\n', several.Select(each => Text(each, number)));
        if (content.Result is not { } value) return content.Exception is null ? "" : "Error: Function failed.";
        try
        {
            return value is JsonElement { ValueKind: JsonValueKind.String } json ? json.GetString()! : JsonSerializer.Serialize(value, Compact.GetTypeInfo(value.GetType()));
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"Message {number} has a result of the type {value.GetType().Name} that cannot be written as JSON: {e.Message}", e);
        }
    }

    private static string Text(AIContent? content, int number) => content is TextContent text ? text.Text
        : throw new ArgumentException($"Message {number} has a function's result that holds {(content is null ? "null" : $"a {content.GetType().Name}")}, expected text: the model reads nothing else.");
}
