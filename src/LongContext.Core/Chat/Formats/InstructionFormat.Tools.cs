namespace LongContext.Chat.Formats;

/// <summary>Tools in Mistral's formats: listed before the last user's turn, calls and answers with ids.</summary>
internal sealed partial class InstructionFormat
{
    /// <summary>The template writes strings between quotes as they are, so a quote in a description is not escaped.</summary>
    private void WriteTools(ChatTextBuilder text, IReadOnlyList<ChatTool> tools)
    {
        IEnumerable<string> items = tools.Select(tool =>
            "{\"type\": \"function\", \"function\": {" + $"\"name\": \"{tool.Name}\", " +
            (tool.Description is null ? "" : $"\"description\": \"{tool.Description}\", ") +
            $"\"parameters\": {PythonJson.Write(tool.Parameters)}" + "}}");
        text.Append($"[AVAILABLE_TOOLS]{Blank}[{string.Join(", ", items)}][/AVAILABLE_TOOLS]");
    }

    private string Calls(IReadOnlyList<ChatTurn> turns, int turn)
    {
        ToolCallSyntax syntax = Syntax!;
        return syntax.Prefix + string.Join(syntax.Separator, turns[turn].ToolCalls.Select(call =>
            $"{syntax.CallPrefix}{call.Name}{syntax.ArgumentsPrefix}{PythonJson.Write(call.Arguments)}, \"id\": \"{RequireId(call.Id, turns, turn)}\"{syntax.CallSuffix}")) + syntax.Suffix;
    }

    private void WriteToolAnswer(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, int turn) => text.Append(
        $"[TOOL_RESULTS]{Blank}{{\"content\": {turns[turn].Content}, \"call_id\": \"{RequireId(turns[turn].ToolCallId, turns, turn)}\"}}[/TOOL_RESULTS]");

    /// <summary>An id, which was made to fit if there is one.</summary>
    private string RequireId(string? id, IReadOnlyList<ChatTurn> turns, int turn) => !string.IsNullOrEmpty(id)
        ? id
        : throw new ArgumentException($"Turn {turn} ({turns[turn].Role}) has no tool call id, which the format \"{Name}\" writes.", nameof(turns));
}
