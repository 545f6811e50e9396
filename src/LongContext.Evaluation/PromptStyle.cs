namespace LongContext.Evaluation;

/// <summary>How a prompt is given to a model.</summary>
public enum PromptStyle
{
    /// <summary>A user's message of a chat.</summary>
    Chat,

    /// <summary>
    /// Text to go on with, without a chat template, as LongBench asks its few-shot and code tasks. A client that knows no such thing gets a message.
    /// </summary>
    Completion,
}
