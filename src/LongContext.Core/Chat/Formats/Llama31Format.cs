using System.Text;

namespace LongContext.Chat.Formats;

/// <summary>
/// Llama 3.1 to 3.3: as Llama 3, under a system block with the date; tools are listed before the first user's content, and an answer makes
/// one call or says something, not both.
/// </summary>
/// <param name="name">The format's name.</param>
/// <param name="beginning">The beginning-of-sentence token.</param>
/// <param name="date">The date that the system block tells.</param>
internal sealed class Llama31Format(string name, string beginning, Func<ChatRenderOptions, DateOnly> date)
    : ChatFormat(name, EndOfTurn, "<|eom_id|>", "<|end_of_text|>")
{
    private const string EndOfTurn = "<|eot_id|>";

    private const string Introduction =
        "Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\n" +
        "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.Do not use variables.\n\n";

    public override ToolCallSyntax ToolCalls => ToolCallSyntax.Llama3;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        int first = turns[0].IsSystem ? 1 : 0;
        text.Append(beginning).Append(Header(ChatTurn.SystemRole)).Append(options.Tools.Count > 0 ? "Environment: ipython\n" : "");
        text.Append(SystemDates.Llama(Roles.OpeningSystem(turns), date(options))).Append(EndOfTurn);
        for (int i = first; i < turns.Count; i++)
        {
            string list = i == first && options.Tools.Count > 0 ? List(turns, i, options.Tools) : "";
            string content = PythonText.Strip(turns[i].Content);
            if (turns[i].IsTool) text.Append(Header("ipython")).Append(PythonJson.Write(turns[i].Content)).Append(EndOfTurn);
            else if (turns[i].IsAssistant) text.Append(Header(turns[i].Role)).AppendAnswer(i, turns[i].ToolCalls.Count > 0 ? Call(turns, i) : content, EndOfTurn);
            else text.Append(Header(turns[i].Role)).Append(list).Append(content).Append(EndOfTurn);
        }

        if (first == turns.Count && options.Tools.Count > 0) throw Refused(turns, "there is no turn to do so");
        if (options.AddGenerationPrompt) text.Append(Header(ChatTurn.AssistantRole));
    }

    private static string Header(string role) => $"<|start_header_id|>{role}<|end_header_id|>\n\n";

    private string List(IReadOnlyList<ChatTurn> turns, int turn, IReadOnlyList<ChatTool> tools)
    {
        // The template would take any turn for the user's and lose an answer's calls.
        if (!turns[turn].IsUser) throw Refused(turns, $"turn {turn} has the role \"{turns[turn].Role}\"");
        var text = new StringBuilder(Introduction);
        foreach (ChatTool tool in tools) text.Append(PythonJson.Write(tool.ToElement(), indent: 4)).Append("\n\n");
        return text.ToString();
    }

    private string Call(IReadOnlyList<ChatTurn> turns, int turn)
    {
        if (turns[turn].ToolCalls.Count == 1) return ToolCalls.Write(turns[turn].ToolCalls);
        throw new ArgumentException(
            $"Turn {turn} makes {turns[turn].ToolCalls.Count} calls, expected one: models of the format \"{Name}\" only support single tool calls at once.", nameof(turns));
    }

    private ArgumentException Refused(IReadOnlyList<ChatTurn> turns, string found) =>
        new($"Tools are told in the first user's turn in the format \"{Name}\", expected it to open the conversation behind the system's; {found}.", nameof(turns));
}
