namespace LongContext.Chat;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">"system", "user" or "assistant"; see <see cref="System"/>, <see cref="User"/> and <see cref="Assistant"/>.</param>
/// <param name="Content">What was said, as given; the format decides what white space around it means.</param>
/// <remarks>Tools, their calls and their answers are not part of it; text is all that a turn holds.</remarks>
public sealed record ChatTurn(string Role, string Content)
{
    internal const string SystemRole = "system";
    internal const string UserRole = "user";
    internal const string AssistantRole = "assistant";

    /// <summary>
    /// What an assistant thought before <see cref="Content"/>, apart from it ("reasoning_content" of Qwen3's messages); null, the
    /// default, when it did not, or when the content itself holds the thoughts. Formats without a place for it leave it out.
    /// </summary>
    public string? Reasoning { get; init; }

    /// <summary>
    /// Of an assistant's turn: whether it is learned. False for an answer that only stands there to be read (OpenAI's "weight" 0); of other turns
    /// without meaning. Default: true.
    /// </summary>
    public bool CountsInLoss { get; init; } = true;

    /// <summary>What the conversation is held under.</summary>
    /// <param name="content">The instructions.</param>
    public static ChatTurn System(string content) => new(SystemRole, content);

    /// <summary>What a person says.</summary>
    /// <param name="content">The text.</param>
    public static ChatTurn User(string content) => new(UserRole, content);

    /// <summary>What the model answers.</summary>
    /// <param name="content">The text.</param>
    public static ChatTurn Assistant(string content) => new(AssistantRole, content);

    internal bool IsSystem => Role == SystemRole;

    internal bool IsUser => Role == UserRole;

    internal bool IsAssistant => Role == AssistantRole;
}
