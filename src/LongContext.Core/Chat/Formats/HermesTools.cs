using System.Text;

namespace LongContext.Chat.Formats;

/// <summary>Tools as Qwen 2.5 and Qwen 3 have them: listed in the system block, answers together in a user's block.</summary>
internal static class HermesTools
{
    private const string EndOfTurn = "<|im_end|>";

    private const string Introduction =
        "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n" +
        "You are provided with function signatures within <tools></tools> XML tags:\n<tools>";

    /// <param name="tools">At least one.</param>
    /// <param name="doublesBraces">Whether the example of a call has its braces doubled, as one release has.</param>
    public static string List(IReadOnlyList<ChatTool> tools, bool doublesBraces = false)
    {
        var text = new StringBuilder(Introduction);
        foreach (ChatTool tool in tools) text.Append('\n').Append(PythonJson.Write(tool.ToElement()));
        string open = doublesBraces ? "{{" : "{", close = doublesBraces ? "}}" : "}";
        return text.Append(
            "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n" +
            $"<tool_call>\n{open}\"name\": <function-name>, \"arguments\": <args-json-object>{close}\n</tool_call>").ToString();
    }

    /// <summary>What an answer says with its calls behind it.</summary>
    public static string WithCalls(string content, IReadOnlyList<ChatToolCall> calls) =>
        calls.Count == 0 ? content : content + (content.Length > 0 ? "\n" : "") + ToolCallSyntax.Hermes.Write(calls);

    /// <summary>Writes a tool's turn; those in a row share one block.</summary>
    public static void WriteAnswer(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, int turn)
    {
        if (turn == 0 || !turns[turn - 1].IsTool) text.Append("<|im_start|>user");
        text.Append("\n<tool_response>\n").Append(turns[turn].Content).Append("\n</tool_response>");
        if (turn == turns.Count - 1 || !turns[turn + 1].IsTool) text.Append(EndOfTurn + "\n");
    }
}
