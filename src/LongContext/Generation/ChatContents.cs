using System.Text.Json;
using LongContext.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Makes of an answer's text what a chat client gives out: thoughts, text and calls of functions.</summary>
/// <param name="request">What was asked.</param>
internal sealed class ChatContents(ChatRequest request)
{
    private readonly ToolCallReader? calls = request.ToolCalls?.CreateReader();

    /// <summary>Whether a function was called.</summary>
    public bool HasCalls { get; private set; }

    /// <summary>Whether no more is to come, the one call that may be being there.</summary>
    public bool IsComplete => HasCalls && !request.AllowsSeveralCalls;

    /// <summary>Takes the next piece.</summary>
    /// <param name="piece">Some text of the answer.</param>
    /// <param name="isHidden">Whether it was of thoughts that are not to be seen: their tokens are not then either.</param>
    /// <returns>What is known of it and of what was held back.</returns>
    public List<AIContent> Add(string piece, out bool isHidden)
    {
        isHidden = false;
        if (request.Reasoning is not { } splitter) return Contents("", Read(piece));
        ReasoningStage before = splitter.Stage;
        (string reasoning, string text) = splitter.Add(piece);
        isHidden = !request.ShowsReasoning && (before == ReasoningStage.Thinking || splitter.Stage == ReasoningStage.Thinking) && text.Length == 0;
        return Contents(reasoning, Read(text));
    }

    /// <summary>What was held back, once no more comes.</summary>
    public List<AIContent> Flush()
    {
        (string reasoning, string text) = request.Reasoning?.Flush() ?? ("", "");
        return Contents(reasoning, [.. Read(text), .. calls?.Flush() ?? []]);
    }

    private IReadOnlyList<ToolCallReading> Read(string text) =>
        text.Length == 0 ? [] : calls?.Add(text) ?? [new ToolCallReading(text)];

    private List<AIContent> Contents(string reasoning, IReadOnlyList<ToolCallReading> readings)
    {
        List<AIContent> contents = [];
        if (reasoning.Length > 0 && request.ShowsReasoning) contents.Add(request.Reasoning!.KeepsTags ? new TextContent(reasoning) : new TextReasoningContent(reasoning));
        foreach (ToolCallReading reading in readings)
        {
            if (IsComplete) break;
            if (reading.Call is { } call)
            {
                contents.Add(new FunctionCallContent(call.Id, call.Name, Arguments(call.Arguments)));
                HasCalls = true;
            }
            else
            {
                contents.Add(new TextContent(reading.Text));
            }
        }

        return contents;
    }

    private static Dictionary<string, object?> Arguments(JsonElement arguments)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty argument in arguments.EnumerateObject()) named[argument.Name] = argument.Value;
        return named;
    }
}
