using System.Collections.ObjectModel;
using LongContext.Chat;
using LongContext.Tokenization;

namespace LongContext.Generation;

/// <summary>What a chat client was asked, ready for the model.</summary>
internal sealed record ChatRequest
{
    /// <summary>Prompt, special tokens included, and how tokens are chosen. Required.</summary>
    public required GenerationRequest Request { get; init; }

    /// <summary>The text that the prompt's tokens were made of, or, where they were cut, that those that are left spell; null where they were given as tokens, or nobody needs it.</summary>
    public string? PromptText { get; init; }

    /// <summary>The text that is left of a prompt that was cut, as it is told; null where it is whole, or nobody asked. A character that its end only begins belongs to the answer.</summary>
    public string? KeptText { get; init; }

    /// <summary>Texts that end the answer. Required.</summary>
    public required IReadOnlyList<string> StopStrings { get; init; }

    /// <summary>Tells thoughts from the answer; null where all is text.</summary>
    public ReasoningSplitter? Reasoning { get; init; }

    /// <summary>Whether thoughts that are told apart are given out. Default true.</summary>
    public bool ShowsReasoning { get; init; } = true;

    /// <summary>How the answer's calls of functions are written; null where all is text.</summary>
    public ToolCallSyntax? ToolCalls { get; init; }

    /// <summary>Whether the answer goes on behind its first call. Default true.</summary>
    public bool AllowsSeveralCalls { get; init; } = true;

    /// <summary>Special tokens that stand in calls, with the text that they are read as; others have none. Default: none.</summary>
    public IReadOnlyDictionary<int, string> SpelledOut { get; init; } = ReadOnlyDictionary<int, string>.Empty;

    /// <summary>What was taken out of the prompt; null where it is whole.</summary>
    public TokenCut? PromptCut { get; init; }

    /// <summary>
    /// Whether the answer goes on with text that is there, so that a blank which begins it belongs to it; else it is decoded by itself. Required.
    /// </summary>
    public required bool Continues { get; init; }
}
