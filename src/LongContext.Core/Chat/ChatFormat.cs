namespace LongContext.Chat;

/// <summary>
/// How a model's conversations are written as text: what transformers' <c>apply_chat_template</c> does with the template of a
/// Hugging Face folder. Derive from it to supply a format that is not known here.
/// </summary>
/// <remarks>
/// Templates are programs, and none is run: <see cref="Load"/> recognises those that are written here in C# by their whole text and
/// refuses all others, see docs/design/chat-formats.md. Formats are immutable and may be used by several threads.
/// </remarks>
public abstract partial class ChatFormat
{
    /// <summary>Makes a format.</summary>
    /// <param name="name">A short name, for people.</param>
    /// <param name="stopTokens">Tokens that end an answer, the usual one first; at least one.</param>
    /// <exception cref="ArgumentException">The name is empty, or there is no stop token.</exception>
    protected ChatFormat(string name, params IReadOnlyList<string> stopTokens)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(stopTokens);
        if (stopTokens.Count == 0 || stopTokens.Any(string.IsNullOrEmpty))
            throw new ArgumentException($"The format \"{name}\" needs at least one stop token, and none may be empty.", nameof(stopTokens));
        Name = name;
        StopTokens = [.. stopTokens];
    }

    /// <summary>A short name, for people.</summary>
    public string Name { get; }

    /// <summary>
    /// The tokens, as the vocabulary spells them, at which an answer is over, the usual one first. Models of the format need not have
    /// the others; <see cref="FindStopTokenIds"/> gives the ids.
    /// </summary>
    public IReadOnlyList<string> StopTokens { get; }

    /// <summary>
    /// What stands around the thoughts at the beginning of an answer, by which they are told apart from it (<c>LongContextChatClient</c>); null, the default, for a model that does not think or whose thoughts
    /// are not to be told apart.
    /// </summary>
    public virtual ReasoningTags? ReasoningTags => null;

    /// <summary>How answers make calls; null, the default, for a format without tools, which refuses conversations that have them.</summary>
    public virtual ToolCallSyntax? ToolCalls => null;

    /// <summary>Writes a conversation as the model was taught to read it.</summary>
    /// <param name="turns">The conversation, at least one turn.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <returns>The text and where the answers stand in it.</returns>
    /// <remarks>Ids of calls that the template would refuse (Mistral: other than 9 characters), as those of other providers, are written as others, each call's and its result's alike, the same one each time.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="turns"/> or one of them is null.</exception>
    /// <exception cref="ArgumentException">
    /// No turn; a role that is not "system", "user", "assistant" or "tool"; calls in a turn that is not an assistant's; an order of
    /// roles or calls that the template refuses; options that contradict each other; two tools of one name; a final turn to be
    /// continued that is not an assistant's or makes calls. The message names the turn.
    /// </exception>
    /// <exception cref="NotSupportedException">There are tools, calls or tools' answers, and the format has no place for them.</exception>
    public ChatText Render(IReadOnlyList<ChatTurn> turns, ChatRenderOptions? options = null)
    {
        options ??= ChatRenderOptions.Default;
        Check(turns, options);
        if (ToolCalls?.IdLength is { } length) turns = ToolCallIdMap.Fit(turns, length);
        var text = new ChatTextBuilder();
        Write(text, turns, options);
        return options.ContinueFinalTurn ? text.ToOpenText(turns) : text.ToText(turns);
    }

    /// <summary>Writes a conversation: every turn in order, answers by <see cref="ChatTextBuilder.AppendAnswer"/>, then the generation prompt.</summary>
    /// <param name="text">Takes the text down.</param>
    /// <param name="turns">At least one turn, none null, each with one of the four roles.</param>
    /// <param name="options">How; <see cref="ChatRenderOptions.ContinueFinalTurn"/> is seen to by the caller.</param>
    /// <exception cref="ArgumentException">The format has no place for such a conversation.</exception>
    protected abstract void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private void Check(IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        ArgumentNullException.ThrowIfNull(turns);
        if (turns.Count == 0) throw new ArgumentException("The conversation has no turns, expected at least one.", nameof(turns));
        for (int i = 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i] ?? throw new ArgumentNullException(nameof(turns), $"Turn {i} is null.");
            if (turn.Role is not (ChatTurn.SystemRole or ChatTurn.UserRole or ChatTurn.AssistantRole or ChatTurn.ToolRole))
            {
                string hint = turn.Role is "human" or "gpt" ? " These are ShareGPT's names of roles: ColumnMap.ShareGpt reads records that have them." : "";
                throw new ArgumentException(
                    $"Turn {i} has the role \"{turn.Role}\", expected \"system\", \"user\", \"assistant\" or \"tool\".{hint}", nameof(turns));
            }

            if (turn.Content is null) throw new ArgumentException($"Turn {i} ({turn.Role}) has no content; an empty one is \"\".", nameof(turns));
            CheckTools(turns, i);
        }

        CheckTools(options);

        if (!options.ContinueFinalTurn) return;
        if (options.AddGenerationPrompt)
            throw new ArgumentException("A final turn is continued or a new one is opened (AddGenerationPrompt), not both.", nameof(options));
        if (!turns[^1].IsAssistant)
            throw new ArgumentException($"The final turn's role is \"{turns[^1].Role}\"; only an assistant's can be continued.", nameof(turns));
        if (turns[^1].ToolCalls.Count > 0)
            throw new ArgumentException("The final turn makes tool calls, so nothing of it is left to be continued.", nameof(turns));
    }
}
