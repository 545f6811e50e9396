namespace LongContext.Chat.Formats;

/// <summary>The orders of roles that templates ask for.</summary>
internal static class Roles
{
    /// <summary>From <paramref name="first"/> on, a user speaks at every other turn and nowhere else; with <paramref name="skipsTools"/> tools' turns and those that call them do not count.</summary>
    public static void RequireAlternation(IReadOnlyList<ChatTurn> turns, int first, string format, bool skipsTools = false)
    {
        bool usersTurn = false;
        for (int i = first; i < turns.Count; i++)
        {
            if (skipsTools && (turns[i].IsTool || turns[i].ToolCalls.Count > 0)) continue;
            usersTurn = !usersTurn;
            if (turns[i].IsUser == usersTurn) continue;
            throw Refused(turns, i, usersTurn ? "\"user\"" : "another than \"user\"", "roles must alternate user/assistant/user/assistant/…", format);
        }
    }

    public static ArgumentException Refused(IReadOnlyList<ChatTurn> turns, int turn, string expected, string rule, string format) =>
        new($"Turn {turn} has the role \"{turns[turn].Role}\", expected {expected}: conversation {rule} in the format \"{format}\".", nameof(turns));

    /// <summary>The content of a system turn that opens the conversation, or null.</summary>
    public static string? OpeningSystem(IReadOnlyList<ChatTurn> turns) => turns[0].IsSystem ? turns[0].Content : null;
}
