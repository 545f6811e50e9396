using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Tasks;

/// <summary>One question to a model, with the answers it is held against.</summary>
public sealed record EvaluationItem
{
    /// <summary>Names it within its task, the same in every run. Required.</summary>
    public required string Id { get; init; }

    /// <summary>What the model is asked. Required.</summary>
    public required EvaluationPrompt Prompt { get; init; }

    /// <summary>What it should answer; what several mean, all or any of them, is the task's. Required; empty where a judge decides.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>How the answer is generated. Default: greedily, at most 128 tokens.</summary>
    public AnswerSettings Settings { get; init; } = new();

    /// <summary>
    /// The prompt's length in tokens, as the tokenizer that the item was made for counts it, or null (the default) where nobody counted.
    /// </summary>
    public int? PromptTokenCount { get; init; }

    /// <summary>The length in tokens that the item was made for, which reports group by; null (the default) where that says nothing.</summary>
    public int? Length { get; init; }

    /// <summary>
    /// Where the answer lies in the text, from 0 (its beginning) to 1 (its end); null where that says nothing. Default:
    /// null.
    /// </summary>
    public double? Depth { get; init; }

    /// <summary>The part of the task it counts in, such as a bucket of lengths or a data set; null (the default) for none.</summary>
    public string? Group { get; init; }

    /// <summary>The answers to choose among, where there is a choice. Default: none.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What else tells items apart, such as the seed or the number of words asked for. Default: empty.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The first of the answers.</summary>
    public string Answer => Answers[0];
}
