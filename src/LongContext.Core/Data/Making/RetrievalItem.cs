using System.Collections.ObjectModel;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>A question about things hidden in a long text, as makers train with and tasks measure with.</summary>
public sealed record RetrievalItem
{
    /// <summary>The text with the question after it. Required.</summary>
    public required string Question { get; init; }

    /// <summary>The beginning of the answer, which is given to the model; it may be empty. Required.</summary>
    public required string AnswerPrefix { get; init; }

    /// <summary>The rest of the answer, to learn. Required.</summary>
    public required string Completion { get; init; }

    /// <summary>What must be in an answer, all of it. Required.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>How deep what was asked for is hidden, from 0 to 1, one for each thing hidden, in the order of the answers. Required.</summary>
    public required IReadOnlyList<double> Depths { get; init; }

    /// <summary>Length in tokens: of question, prefix and completion, or with the tokens kept for an answer in place of the completion. Required.</summary>
    public required int TokenCount { get; init; }

    /// <summary>What the model is given.</summary>
    public string Prompt => Question + AnswerPrefix;

    /// <summary>What else tells items apart. Default: empty.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Where in the question the long text stands that things are hidden in.</summary>
    internal Range Context { get; init; } = ..;

    /// <summary>The item as an example to learn from.</summary>
    public PromptExample ToExample() => new(Prompt, Completion) { Properties = Properties };
}
