namespace LongContext.Chat;

/// <summary>One piece of an answer as <see cref="ToolCallReader"/> gives it: text or a call, never both.</summary>
public readonly record struct ToolCallReading
{
    internal ToolCallReading(string text) => Text = text;

    internal ToolCallReading(ChatToolCall call) => Call = call;

    /// <summary>Text that is no call, not empty; null where this is a call.</summary>
    public string? Text { get; }

    /// <summary>A whole call; null where this is text.</summary>
    public ChatToolCall? Call { get; }
}
