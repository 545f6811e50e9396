namespace LongContext.Evaluation;

/// <summary>What a model answered.</summary>
public sealed record ModelResponse
{
    /// <summary>The answer. Required; it may be empty.</summary>
    public required string Text { get; init; }

    /// <summary>Why it ended, as the client says it ("stop", "length"), or null; "stop" too where a stop sequence ended it here.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Whether the model thought and then said nothing, so that <see cref="Text"/> is empty. Default: false.</summary>
    public bool OnlyReasoning { get; init; }

    /// <summary>Tokens of the prompt: as the client says, else as the model's tokenizer counts them. Default: 0.</summary>
    public long InputTokens { get; init; }

    /// <summary>Tokens of the answer, likewise. Default: 0.</summary>
    public long OutputTokens { get; init; }

    /// <summary>How long the request took when it was made; not how long waiting and failed tries took. Default: zero.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Whether it was kept from an earlier request. Default: false.</summary>
    public bool FromCache { get; init; }
}
