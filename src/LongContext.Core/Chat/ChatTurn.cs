namespace LongContext.Chat;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">"system", "user", "assistant" or "tool"; see <see cref="System"/>, <see cref="User"/>, <see cref="Assistant"/> and <see cref="Tool"/>.</param>
/// <param name="Content">What was said, as given; the format decides what white space around it means. "" for an assistant's turn that only makes calls.</param>
public sealed record ChatTurn(string Role, string Content)
{
    internal const string SystemRole = "system";
    internal const string UserRole = "user";
    internal const string AssistantRole = "assistant";
    internal const string ToolRole = "tool";

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

    /// <summary>The calls that an assistant's turn makes, behind <see cref="Content"/>; of other turns empty. Default: none.</summary>
    public IReadOnlyList<ChatToolCall> ToolCalls { get; init; } = [];

    /// <summary>Of a tool's turn: the <see cref="ChatToolCall.Id"/> of the call that it answers. Null, the default, where the format needs none.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>Of a tool's turn: the function that answers. Null, the default, where it is not said.</summary>
    public string? ToolName { get; init; }

    /// <summary>Characters of its content and of its calls.</summary>
    internal long TextLength => Content.Length + ToolCalls.Sum(call => (long)call.Name.Length + call.Arguments.GetRawText().Length);

    /// <summary>Whether another says the same, calls included.</summary>
    /// <param name="other">Another turn, or null.</param>
    public bool Equals(ChatTurn? other) =>
        other is not null && Role == other.Role && Content == other.Content && Reasoning == other.Reasoning && CountsInLoss == other.CountsInLoss
        && ToolCallId == other.ToolCallId && ToolName == other.ToolName && ToolCalls.SequenceEqual(other.ToolCalls);

    /// <summary>Of role and content.</summary>
    public override int GetHashCode() => HashCode.Combine(Role, Content);

    /// <summary>What the conversation is held under.</summary>
    /// <param name="content">The instructions.</param>
    public static ChatTurn System(string content) => new(SystemRole, content);

    /// <summary>What a person says.</summary>
    /// <param name="content">The text.</param>
    public static ChatTurn User(string content) => new(UserRole, content);

    /// <summary>What the model answers.</summary>
    /// <param name="content">The text.</param>
    public static ChatTurn Assistant(string content) => new(AssistantRole, content);

    /// <summary>What a function gave back.</summary>
    /// <param name="content">Its result as text, often JSON.</param>
    /// <param name="callId">The <see cref="ChatToolCall.Id"/> of the call.</param>
    /// <param name="name">The function's name, or null.</param>
    public static ChatTurn Tool(string content, string callId, string? name = null) =>
        new(ToolRole, content) { ToolCallId = callId, ToolName = name };

    internal bool IsSystem => Role == SystemRole;

    internal bool IsUser => Role == UserRole;

    internal bool IsAssistant => Role == AssistantRole;

    internal bool IsTool => Role == ToolRole;
}
