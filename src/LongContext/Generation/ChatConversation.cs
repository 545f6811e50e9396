using System.Text;
using LongContext.Chat;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Chat messages as the turns of a conversation that a format writes, or as one text.</summary>
internal static class ChatConversation
{
    /// <summary>The turns; instructions go before all else, into the system's turn where there is one.</summary>
    /// <exception cref="ArgumentException">A message that holds what its role has no place for, or of a role that formats do not know; a result of a call that was not made.</exception>
    public static List<ChatTurn> Turns(IEnumerable<ChatMessage> messages, string? instructions)
    {
        List<ChatTurn> turns = [];
        var called = new Dictionary<string, string>(StringComparer.Ordinal);
        int number = 0;
        foreach (ChatMessage message in messages)
        {
            if (message is null) throw new ArgumentException($"Message {number} is null.", nameof(messages));
            if (message.Role == ChatRole.Tool)
            {
                turns.AddRange(ChatToolMessages.Results(message, number++, called));
                continue;
            }

            string role = Role(message.Role, number);
            (string text, string? reasoning) = Text(message, number);
            turns.Add(new ChatTurn(role, text) { Reasoning = reasoning, ToolCalls = ChatToolMessages.Calls(message, number++, called) });
        }

        if (!string.IsNullOrEmpty(instructions))
        {
            if (turns is [{ Role: "system" } first, ..]) turns[0] = first with { Content = $"{instructions}\n\n{first.Content}" };
            else turns.Insert(0, ChatTurn.System(instructions));
        }

        return turns.Count > 0 ? turns : throw new ArgumentException("There is no message, expected at least one.", nameof(messages));
    }

    /// <summary>The turns' text without a template: a blank line between two, but an answer that is gone on with follows what was asked as it is.</summary>
    public static string Plain(IReadOnlyList<ChatTurn> turns, bool continuesFinal)
    {
        var text = new StringBuilder();
        for (int i = 0; i < turns.Count; i++)
        {
            if (i > 0 && !(continuesFinal && i == turns.Count - 1)) text.Append("\n\n");
            text.Append(turns[i].Content);
        }

        return text.ToString();
    }

    /// <summary>OpenAI's newer name for the system's role.</summary>
    private static readonly ChatRole Developer = new("developer");

    private static string Role(ChatRole role, int number) =>
        role == ChatRole.System || role == Developer ? "system"
        : role == ChatRole.User ? "user"
        : role == ChatRole.Assistant ? "assistant"
        : throw new ArgumentException($"Message {number} has the role \"{role}\", expected system, developer, user, assistant or tool.");

    private static (string Text, string? Reasoning) Text(ChatMessage message, int number)
    {
        var reasoning = new StringBuilder();
        foreach (AIContent content in message.Contents)
        {
            if (content is TextReasoningContent thought) reasoning.Append(thought.Text);
            else if (content is FunctionResultContent) throw new ArgumentException($"Message {number} is the {message.Role}'s and holds a function's result, which is a tool's to say: give it the role \"{ChatRole.Tool}\".");
            else if (content is not (TextContent or FunctionCallContent)) throw new ArgumentException($"Message {number} holds a {content.GetType().Name}, expected text: the model reads nothing else.");
        }

        return (new SpokenText().Add(message.Contents), reasoning.Length > 0 ? reasoning.ToString() : null);
    }
}
