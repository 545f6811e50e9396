using System.Text.Json;
using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>What a request's chat options ask for, checked.</summary>
internal sealed record ChatRequestOptions
{
    /// <summary>What JSON without a schema means, as for OpenAI's "json_object".</summary>
    private const string AnyObject = """{"type":"object"}""";

    /// <summary>Whether the text is gone on with as it is.</summary>
    public bool Completion { get; private init; }

    /// <summary>Whether the last message is gone on with.</summary>
    public bool ContinueFinalMessage { get; private init; }

    /// <summary>Tokens at least; null for what the client says.</summary>
    public int? MinimumNewTokens { get; private init; }

    /// <summary>Whether to think first; null for what the client says.</summary>
    public bool? EnableThinking { get; private init; }

    /// <summary>The JSON schema that the answer must satisfy; null for any text.</summary>
    public string? JsonSchema { get; private init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> StopStrings { get; private init; } = [];

    /// <exception cref="NotSupportedException">Something is asked for that the client cannot do.</exception>
    /// <exception cref="ArgumentException">A value cannot be used.</exception>
    public static ChatRequestOptions Read(ChatOptions? options, string modelId)
    {
        if (options is null) return new ChatRequestOptions();
        Refuse(options, modelId);
        string[] stops = [.. options.StopSequences ?? []];
        foreach (string? stop in stops)
        {
            if (string.IsNullOrEmpty(stop)) throw new ArgumentException("ChatOptions.StopSequences holds an empty string.", nameof(options));
            if (char.IsLowSurrogate(stop[0]) || char.IsHighSurrogate(stop[^1]))
                throw new ArgumentException($"ChatOptions.StopSequences holds \"{stop}\", which begins or ends with half a character.", nameof(options));
        }

        AdditionalPropertiesDictionary? more = options.AdditionalProperties;
        return new ChatRequestOptions
        {
            Completion = Flag(more, ChatOptionKeys.Completion),
            ContinueFinalMessage = Flag(more, ChatOptionKeys.ContinueFinalMessage),
            MinimumNewTokens = Number(more, ChatOptionKeys.MinimumNewTokens),
            EnableThinking = options.Reasoning?.Effort is { } effort ? effort != ReasoningEffort.None : null,
            JsonSchema = options.ResponseFormat is ChatResponseFormatJson json ? json.Schema?.GetRawText() ?? AnyObject : null,
            StopStrings = stops,
        };
    }

    private static void Refuse(ChatOptions options, string modelId)
    {
        if (options.Tools is { Count: > 0 } tools && options.ToolMode is not NoneChatToolMode)
            throw new NotSupportedException($"ChatOptions.Tools names {tools.Count} tools, but this client calls none: leave them out, or set ToolMode to None.");
        if (options.ToolMode is RequiredChatToolMode) throw new NotSupportedException("ChatOptions.ToolMode requires a tool call, but this client makes none.");
        if (options.ConversationId is { } conversation)
            throw new NotSupportedException($"ChatOptions.ConversationId is \"{conversation}\", but this client keeps no conversations: send all messages each time.");
        if (options.ContinuationToken is not null || options.AllowBackgroundResponses == true)
            throw new NotSupportedException("ChatOptions asks for an answer in the background, which this client does not give.");
        if (options.ModelId is { } asked && asked != modelId)
            throw new ArgumentException($"ChatOptions.ModelId is \"{asked}\", but this client has the model \"{modelId}\" only.", nameof(options));
    }

    private static bool Flag(AdditionalPropertiesDictionary? properties, string key) => Value(properties, key) switch
    {
        null => false,
        bool flag => flag,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        object other => throw new ArgumentException($"ChatOptions.AdditionalProperties[\"{key}\"] is {other}, expected true or false."),
    };

    private static int? Number(AdditionalPropertiesDictionary? properties, string key)
    {
        int? number = Value(properties, key) switch
        {
            null => null,
            int value => value,
            long value when value is >= 0 and <= int.MaxValue => (int)value,
            JsonElement { ValueKind: JsonValueKind.Number } json when json.TryGetInt32(out int value) => value,
            _ => -1,
        };
        return number is not < 0 ? number
            : throw new ArgumentException($"ChatOptions.AdditionalProperties[\"{key}\"] is {Value(properties, key)}, expected a number of tokens, 0 or more.");
    }

    private static object? Value(AdditionalPropertiesDictionary? properties, string key) =>
        properties is not null && properties.TryGetValue(key, out object? value) ? value : null;
}
