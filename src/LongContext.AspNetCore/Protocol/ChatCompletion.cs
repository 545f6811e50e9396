using System.Text.Json.Serialization;

namespace LongContext.AspNetCore.Protocol;

/// <summary>A chat completion, whole or a piece of its stream.</summary>
internal sealed record ChatCompletion(string Id, string Object, long Created, string Model, ChatChoice[] Choices)
{
    /// <summary>Of the prompt's tokens, as vLLM gives them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, PromptLogprob>?[]? PromptLogprobs { get; init; }

    /// <summary>What the library says besides.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerNotes? Longcontext { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CompletionUsage? Usage { get; init; }
}

/// <summary>The answer, or what a piece adds to it.</summary>
internal sealed record ChatChoice(int Index, string? FinishReason)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatAnswerMessage? Message { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatDelta? Delta { get; init; }

    /// <summary>Null where nobody asked; clients expect the field.</summary>
    public ChatLogprobs? Logprobs { get; init; }
}

/// <summary>A whole answer.</summary>
/// <param name="Role">Whose it is.</param>
/// <param name="Content">Its text; null where it makes calls only.</param>
internal sealed record ChatAnswerMessage(string Role, string? Content)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatCall[]? ToolCalls { get; init; }
}

/// <summary>What a piece adds to an answer.</summary>
internal sealed record ChatDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ChatCall[]? ToolCalls { get; init; }
}

/// <summary>A call of a function, or what a piece adds to one.</summary>
internal sealed record ChatCall(ChatCallFunction Function)
{
    /// <summary>Which of the answer's calls a piece is of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Index { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }
}

/// <summary>The function that is called.</summary>
/// <param name="Arguments">A JSON object, as text, or what a piece adds to it.</param>
internal sealed record ChatCallFunction(string Arguments)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }
}

/// <summary>A text completion, whole or a piece of its stream.</summary>
internal sealed record TextCompletion(string Id, string Object, long Created, string Model, TextChoice[] Choices)
{
    /// <summary>What the library says besides.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerNotes? Longcontext { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CompletionUsage? Usage { get; init; }
}

internal sealed record TextChoice(int Index, string Text, string? FinishReason)
{
    /// <summary>Null where nobody asked; clients expect the field.</summary>
    public TextLogprobs? Logprobs { get; init; }

    /// <summary>Of the prompt's tokens, as vLLM gives them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, PromptLogprob>?[]? PromptLogprobs { get; init; }

    /// <summary>What the library says besides, where there are several prompts; of a single one the completion says it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerNotes? Longcontext { get; init; }
}

/// <summary>What was left out for an answer.</summary>
internal sealed record AnswerNotes
{
    /// <summary>Tokens that were cut out of the prompt, counted in the prompt as it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PromptCutNote? PromptCut { get; init; }

    /// <summary>The largest number of tokens whose keys and values were dropped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DroppedTokens { get; init; }
}

internal sealed record PromptCutNote(int Start, int Count);

internal sealed record CompletionUsage(long PromptTokens, long CompletionTokens, long TotalTokens)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PromptTokenDetails? PromptTokensDetails { get; init; }
}

internal sealed record PromptTokenDetails(long CachedTokens);

internal sealed record ModelList(string Object, ModelEntry[] Data);

internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy)
{
    /// <summary>Tokens of prompt and answer together, as vLLM calls it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxModelLen { get; init; }
}

internal sealed record ErrorBody(ErrorDetail Error);

internal sealed record ErrorDetail(string Message, string Type, string? Param, string? Code);

internal sealed record HealthBody(string Status, HealthEntry[] Checks);

/// <summary>One check; what it says of itself only where that may be known.</summary>
internal sealed record HealthEntry(string Name, string Status, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Description);
