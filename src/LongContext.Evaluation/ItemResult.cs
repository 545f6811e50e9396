using System.Collections.ObjectModel;

namespace LongContext.Evaluation;

/// <summary>What became of one item with one model and one strategy.</summary>
public sealed record ItemResult
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The strategy's name. Required.</summary>
    public required string Strategy { get; init; }

    /// <summary>The task's name. Required.</summary>
    public required string Task { get; init; }

    /// <summary>The item's id. Required.</summary>
    public required string Item { get; init; }

    /// <summary>What became of it. Required.</summary>
    public required ItemStatus Status { get; init; }

    /// <summary>The score; null unless it was scored.</summary>
    public double? Score { get; init; }

    /// <summary>Other measures, by name. Default: none.</summary>
    public IReadOnlyDictionary<string, double> Details { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>The part of the task it counts in, or null.</summary>
    public string? Group { get; init; }

    /// <summary>The length in tokens it was made for, or null.</summary>
    public int? Length { get; init; }

    /// <summary>Where the answer lies in the text, 0 to 1, or null.</summary>
    public double? Depth { get; init; }

    /// <summary>The item's other properties. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>What it should answer. Default: nothing.</summary>
    public IReadOnlyList<string> References { get; init; } = [];

    /// <summary>The text that the model was asked last, after strategy and truncation, or null where it was not asked.</summary>
    public string? Prompt { get; init; }

    /// <summary>Characters (UTF-16 units) of that prompt, of which <see cref="Prompt"/> may hold the beginning and the end alone; null where the model was not asked.</summary>
    public int? PromptCharacters { get; init; }

    /// <summary>What it answered to that, or null.</summary>
    public string? Answer { get; init; }

    /// <summary>Why that answer ended, as the client says it ("stop"; "length" where it was cut at its limit of tokens), or null.</summary>
    public string? FinishReason { get; init; }

    /// <summary>Whether the model thought and then said nothing. Default: false.</summary>
    public bool OnlyReasoning { get; init; }

    /// <summary>What the score was given for where that is not the answer as it came, or null.</summary>
    public string? Judged { get; init; }

    /// <summary>Why it has no score, or null.</summary>
    public string? Fault { get; init; }

    /// <summary>Requests that were made for it, to whichever model, those answered from the cache included. Default: 0.</summary>
    public int Requests { get; init; }

    /// <summary>Tokens of all prompts. Default: 0.</summary>
    public long InputTokens { get; init; }

    /// <summary>Tokens of all answers. Default: 0.</summary>
    public long OutputTokens { get; init; }

    /// <summary>
    /// How long its requests and its strategy took when they were made, one after the other. Default: zero.
    /// </summary>
    public TimeSpan Duration { get; init; }

    /// <summary>What its requests cost, judges, re-rankers, embedding generators and what compressors score included, or null where one of those asked has no price.</summary>
    public decimal? Cost { get; init; }

    /// <summary>Whether a prompt was cut to fit. Default: false.</summary>
    public bool Truncated { get; init; }

    /// <summary>Whether it was scored by an answer that was cut at its limit of tokens.</summary>
    internal bool IsCutByLength => Status == ItemStatus.Scored && string.Equals(FinishReason, "length", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it was scored by an answer in which nothing stands.</summary>
    internal bool IsEmpty => Status == ItemStatus.Scored && Answer is not null && string.IsNullOrWhiteSpace(Answer);

    /// <summary>Whether asking once more may help.</summary>
    internal bool HasFailed => Status is ItemStatus.Failed or ItemStatus.NotJudged;
}
