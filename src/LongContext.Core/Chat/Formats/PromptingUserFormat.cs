namespace LongContext.Chat.Formats;

/// <summary>Formats in which each user's turn ends with the words that open the assistant's, so that there is no generation prompt to add.</summary>
internal sealed class PromptingUserFormat(string name, params IReadOnlyList<string> stopTokens) : ChatFormat(name, stopTokens)
{
    /// <summary>What opens a turn of that role.</summary>
    public required Func<string, string> Header { get; init; }

    /// <summary>What ends a turn.</summary>
    public required string EndOfTurn { get; init; }

    /// <summary>What stands between an ended turn and the next one.</summary>
    public string AfterTurn { get; init; } = "";

    /// <summary>What stands before everything.</summary>
    public string Beginning { get; init; } = "";

    /// <summary>Whether system turns are written; else the template leaves them out.</summary>
    public bool WritesSystem { get; init; }

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        text.Append(Beginning);
        for (int i = 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            if (turn.IsAssistant) text.AppendAnswer(i, turn.Content, EndOfTurn).Append(AfterTurn);
            else if (turn.IsUser || WritesSystem) text.Append(Header(turn.Role)).Append(turn.Content).Append(EndOfTurn).Append(AfterTurn);
            if (turn.IsUser) text.Append(Header(ChatTurn.AssistantRole));
        }
    }
}
