using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Tasks;

/// <summary>One question to a model, with the answer it is held against.</summary>
public sealed class EvaluationItem
{
    /// <summary>What the model is given. Required.</summary>
    public required string Prompt { get; init; }

    /// <summary>What it should answer. Required.</summary>
    public required string Answer { get; init; }

    /// <summary>The prompt's length in tokens, as the tokenizer that the item was made for counts it. Required.</summary>
    public required int PromptTokenCount { get; init; }

    /// <summary>
    /// Where the answer lies in the text, from 0 (its beginning) to 1 (its end); null where that says nothing. Default:
    /// null.
    /// </summary>
    public double? Depth { get; init; }

    /// <summary>What else tells items apart, such as the seed or the number of words asked for. Default: empty.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
