namespace LongContext.Evaluation;

/// <summary>
/// What a model is asked, in parts: only the context is what a strategy may shorten, search or compress; what stands around it asks the question.
/// </summary>
public sealed record EvaluationPrompt
{
    /// <summary>The system message, or null (the default) for none.</summary>
    public string? System { get; init; }

    /// <summary>What stands before the context. Default: empty.</summary>
    public string Before { get; init; } = string.Empty;

    /// <summary>The long part. Default: empty.</summary>
    public string Context { get; init; } = string.Empty;

    /// <summary>What stands after the context, the question as a rule. Default: empty.</summary>
    public string After { get; init; } = string.Empty;

    /// <summary>The beginning of the answer, which is given to the model. Default: empty.</summary>
    public string AnswerPrefix { get; init; } = string.Empty;

    /// <summary>What to search the context for, or null (the default) for <see cref="After"/>.</summary>
    public string? Query { get; init; }

    /// <summary>Whether it is a message of a chat or text to go on with. Default: a message.</summary>
    public PromptStyle Style { get; init; }

    /// <summary>How it is cut when it does not fit into the model. Default: not at all.</summary>
    public PromptTruncation Truncation { get; init; } = PromptTruncation.None;

    /// <summary>The whole text, without system message and answer prefix.</summary>
    public string Text => string.Concat(Before, Context, After);

    /// <summary>A prompt without a part that may be shortened.</summary>
    /// <param name="text">The text.</param>
    public static EvaluationPrompt FromText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new EvaluationPrompt { After = text };
    }
}
