using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>The order of roles that a conversation must have, and how one of another order is mended.</summary>
internal static class ConversationOrder
{
    /// <summary>What is wrong, or null: at most a system turn, then user and assistant in turn, tools' answers between calls and what follows them, with an answer that counts.</summary>
    public static string? FindFault(IReadOnlyList<ChatTurn> turns, bool requiresAlternation)
    {
        if (turns.Count == 0) return "the conversation has no turns";
        if (requiresAlternation && FindOrderFault(turns) is { } fault) return fault;
        if (!turns.Any(turn => turn.IsAssistant)) return "the conversation has no answer";
        if (FindAnswerFault(turns, requiresAlternation) is { } stray) return stray;
        return turns.Any(turn => turn.IsAssistant && turn.CountsInLoss) ? null : "no answer of the conversation counts (each has the weight 0)";
    }

    /// <summary>
    /// An answer of a tool that names its call names one of the turn that made calls last. Where turns have an order, all calls are answered before something else is said, as OpenAI's protocol asks; calls that end
    /// the conversation are what is learned.
    /// </summary>
    private static string? FindAnswerFault(IReadOnlyList<ChatTurn> turns, bool requiresAll)
    {
        HashSet<string> open = new(StringComparer.Ordinal);
        int unnamed = 0;
        for (int i = 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            if (requiresAll && !turn.IsTool && open.Count > unnamed)
                return $"turn {i} is of the role \"{turn.Role}\", expected an answer to each of the calls before it first; {(unnamed == 0 ? $"\"{open.First()}\" has none" : $"{open.Count - unnamed} have none")}";
            if (turn.ToolCalls.Count > 0)
            {
                open.Clear();
                unnamed = 0;
            }

            foreach (ChatToolCall call in turn.ToolCalls)
            {
                if (!open.Add(call.Id)) return $"turn {i} makes two calls with the id \"{call.Id}\"";
            }

            if (turn is { IsTool: true, ToolCallId: { } id } && !open.Remove(id)) return $"turn {i} answers the call \"{id}\", which is none of the last calls or has its answer";
            // One that names no call answers one of them all the same.
            if (turn is { IsTool: true, ToolCallId: null }) unnamed++;
        }

        return null;
    }

    private static string? FindOrderFault(IReadOnlyList<ChatTurn> turns)
    {
        int first = turns[0].IsSystem ? 1 : 0;
        for (int i = first; i < turns.Count; i++)
        {
            ChatTurn? before = i == first ? null : turns[i - 1];
            string expected = before switch
            {
                { ToolCalls.Count: > 0 } => ChatTurn.ToolRole,
                null or { IsAssistant: true } => ChatTurn.UserRole,
                _ => ChatTurn.AssistantRole,
            };
            if (turns[i].Role == expected || (before is { IsTool: true } && turns[i].IsTool)) continue;
            return $"turn {i} is of the role \"{turns[i].Role}\", expected \"{expected}\" ({(before is null ? "a user begins" : $"after {(expected == ChatTurn.ToolRole ? "tool calls" : $"\"{before.Role}\"")}")})";
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
            // Calls and what answers them stay as they are.
            bool joins = runs.Count > 0 && runs[^1][0].Role == turn.Role && !turn.IsTool && turn.ToolCalls.Count == 0 && runs[^1][0].ToolCalls.Count == 0;
            if (joins) runs[^1].Add(turn);
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
