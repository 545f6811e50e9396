using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting;

/// <summary>How much text a request brings, in characters or, of JSON, in bytes: near enough to tell what takes a while to read.</summary>
internal static class RequestSize
{
    /// <summary>Of all that goes into the prompt: messages with thoughts, calls and results, instructions, and what functions say of themselves.</summary>
    public static long Of(IEnumerable<ChatMessage> messages, ChatOptions? options) =>
        messages.Sum(message => message?.Contents.Sum(Of) ?? 0) + (options?.Instructions?.Length ?? 0) + (options?.ToolMode is NoneChatToolMode ? 0 : options?.Tools?.Sum(Of) ?? 0);

    private static long Of(AIContent? content) => content switch
    {
        TextContent text => text.Text.Length,
        TextReasoningContent thought => thought.Text.Length,
        FunctionCallContent call => call.Arguments?.Sum(argument => argument.Key.Length + OfValue(argument.Value)) ?? 0,
        FunctionResultContent result => OfValue(result.Result),
        _ => 0,
    };

    private static long Of(AITool? tool) => tool is AIFunctionDeclaration function ? function.Name.Length + function.Description.Length + OfValue(function.JsonSchema) : 0;

    private static long OfValue(object? value) => value switch
    {
        string text => text.Length,
        JsonElement { ValueKind: not JsonValueKind.Undefined } json => JsonMarshal.GetRawUtf8Value(json).Length,
        AIContent content => Of(content),
        IEnumerable<AIContent> contents => contents.Sum(Of),
        _ => 0,
    };
}
