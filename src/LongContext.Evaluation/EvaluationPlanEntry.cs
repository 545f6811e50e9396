namespace LongContext.Evaluation;

/// <summary>What one model's part in one task would take, all strategies together.</summary>
public sealed record EvaluationPlanEntry
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The task's name. Required.</summary>
    public required string Task { get; init; }

    /// <summary>Items. Required.</summary>
    public required int Items { get; init; }

    /// <summary>Of these, how many do not fit into the model whole: full context does not ask them, other strategies are counted with prompts as long as the window lets them be. Default: 0.</summary>
    public int TooLong { get; init; }

    /// <summary>Requests: each item once with each strategy that can ask it. Required.</summary>
    public required int Requests { get; init; }

    /// <summary>Tokens of their prompts, as the model's tokenizer counts them. Required.</summary>
    public required long PromptTokens { get; init; }

    /// <summary>Tokens of the longest prompt. Default: 0.</summary>
    public int LongestPrompt { get; init; }

    /// <summary>Tokens of their answers at most. Required.</summary>
    public required long AnswerTokens { get; init; }

    /// <summary>About what they cost at the model's price, answers at their longest, or null where it has none.</summary>
    public decimal? Cost { get; init; }

    /// <summary>Why some items cannot be made, or null (the default).</summary>
    public string? Fault { get; init; }
}
