using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>The order of roles that a conversation must have, and how one of another order is mended.</summary>
internal static class ConversationOrder
{
    /// <summary>What is wrong, or null: at most a system turn, then user and assistant in turn, with an answer that counts.</summary>
    public static string? FindFault(IReadOnlyList<ChatTurn> turns, bool requiresAlternation)
    {
        if (turns.Count == 0) return "the conversation has no turns";
        if (requiresAlternation && FindOrderFault(turns) is { } fault) return fault;
        if (!turns.Any(turn => turn.IsAssistant)) return "the conversation has no answer";
        return turns.Any(turn => turn.IsAssistant && turn.CountsInLoss) ? null : "no answer of the conversation counts (each has the weight 0)";
    }

    private static string? FindOrderFault(IReadOnlyList<ChatTurn> turns)
    {
        int first = turns[0].IsSystem ? 1 : 0;
        for (int i = first; i < turns.Count; i++)
        {
            string expected = (i - first) % 2 == 0 ? ChatTurn.UserRole : ChatTurn.AssistantRole;
            if (turns[i].Role == expected) continue;
            return $"turn {i} is of the role \"{turns[i].Role}\", expected \"{expected}\" ({(i == first ? "a user begins" : $"after \"{turns[i - 1].Role}\"")})";
        }

        return turns[^1].IsAssistant ? null : $"the last turn ({turns.Count - 1}) is of the role \"{turns[^1].Role}\", expected an answer";
    }

    /// <summary>The turns in order, as far as dropping at the ends and joining neighbours of the same role can do it.</summary>
    public static List<ChatTurn> Mend(IReadOnlyList<ChatTurn> turns)
    {
        // Runs first, joined once each: a conversation may be a million turns of the same role.
        List<List<ChatTurn>> runs = [];
        bool asked = false;
        foreach (ChatTurn turn in turns)
        {
            asked |= turn.IsUser;
            if (turn.IsAssistant && !asked) continue;
            if (runs.Count > 0 && runs[^1][0].Role == turn.Role) runs[^1].Add(turn);
            else runs.Add([turn]);
        }

        while (runs.Count > 0 && !runs[^1][0].IsAssistant) runs.RemoveAt(runs.Count - 1);
        return [.. runs.Select(Join)];
    }

    private static ChatTurn Join(List<ChatTurn> run)
    {
        if (run.Count == 1) return run[0];
        string[] reasoning = [.. run.Select(turn => turn.Reasoning).OfType<string>()];
        return run[0] with
        {
            Content = string.Join("\n\n", run.Select(turn => turn.Content)),
            Reasoning = reasoning.Length == 0 ? null : string.Join("\n\n", reasoning),
            CountsInLoss = run.TrueForAll(turn => turn.CountsInLoss),
        };
    }
}
