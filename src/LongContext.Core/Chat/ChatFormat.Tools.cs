namespace LongContext.Chat;

public abstract partial class ChatFormat
{
    private void CheckTools(IReadOnlyList<ChatTurn> turns, int index)
    {
        ChatTurn turn = turns[index];
        if (turn.IsTool && ToolCalls is null) throw WithoutTools($"turn {index} has the role \"{turn.Role}\"");
        if (turn.ToolCalls is null || turn.ToolCalls.Any(call => call is null))
            throw new ArgumentException($"Turn {index} ({turn.Role}) has null among its tool calls.", nameof(turns));
        if (turn.ToolCalls.Count == 0) return;
        if (!turn.IsAssistant) throw new ArgumentException($"Turn {index} has the role \"{turn.Role}\" and tool calls; only an assistant makes them.", nameof(turns));
        if (ToolCalls is null) throw WithoutTools($"turn {index} makes tool calls");
    }

    private void CheckTools(ChatRenderOptions options)
    {
        if (options.Tools is null || options.Tools.Any(tool => tool is null)) throw new ArgumentException("There is null among the tools.", nameof(options));
        if (options.Tools.Count == 0) return;
        if (ToolCalls is null) throw WithoutTools("there are tools");
        if (options.Tools.GroupBy(tool => tool.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Two tools are named \"{twice.Key}\".", nameof(options));
    }

    private NotSupportedException WithoutTools(string found) => new($"The chat format \"{Name}\" has no place for tools, and {found}.");
}
