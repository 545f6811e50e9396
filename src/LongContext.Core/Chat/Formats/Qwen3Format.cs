namespace LongContext.Chat.Formats;

/// <summary>
/// Qwen3: ChatML whose answers carry thoughts. Those of answers before the last question are left out; the last answer has a block
/// of them even if it is empty. The models that always think (Thinking 2507) have its opening in the generation prompt.
/// </summary>
internal sealed class Qwen3Format(bool alwaysThinks = false) : ChatFormat(alwaysThinks ? "qwen3-thinking" : "qwen3", EndOfTurn, "<|endoftext|>")
{
    private const string Opening = "<think>\n";
    private const string EndOfTurn = "<|im_end|>";
    private const string NoThoughts = "<think>\n\n</think>\n\n";

    public override ReasoningTags ReasoningTags => ReasoningTags.Think;

    public override ToolCallSyntax ToolCalls => ToolCallSyntax.Hermes;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        int lastQuestion = LastQuestion(turns);
        int first = options.Tools.Count > 0 ? WriteTools(text, turns, options) : 0;
        for (int i = first; i < turns.Count; i++)
        {
            if (turns[i].IsTool)
            {
                HermesTools.WriteAnswer(text, turns, i);
                continue;
            }

            text.Append($"<|im_start|>{turns[i].Role}\n");
            if (turns[i].IsAssistant) WriteAnswer(text, turns, i, i > lastQuestion, options);
            else text.Append(turns[i].Content).Append(EndOfTurn);
            text.Append("\n");
        }

        if (!options.AddGenerationPrompt) return;
        text.Append("<|im_start|>assistant\n");
        text.Append(alwaysThinks ? Opening : options.EnableThinking == false ? NoThoughts : "");
    }

    /// <summary>Writes the system block that lists the tools, and returns how many turns are in it.</summary>
    private static int WriteTools(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        string? system = Roles.OpeningSystem(turns);
        text.Append("<|im_start|>system\n").Append(system is null ? "" : system + "\n\n").Append(HermesTools.List(options.Tools)).Append(EndOfTurn + "\n");
        return system is null ? 0 : 1;
    }

    private void WriteAnswer(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, int turn, bool afterQuestion, ChatRenderOptions options)
    {
        (string thoughts, string content) = Split(turns[turn]);
        // Whether a line feed stands before the calls is decided by the content as it is, of which some is stripped below.
        string calls = HermesTools.WithCalls(content, turns[turn].ToolCalls)[content.Length..];
        if (afterQuestion && (turn == turns.Count - 1 || thoughts.Length > 0))
        {
            content = $"{Opening}{thoughts.Trim('\n')}\n</think>\n\n{content.TrimStart('\n')}";
            // What the prompt says is not the model's to say: the opening, or with thinking turned off the whole empty block.
            string prompted = alwaysThinks ? Opening : options.EnableThinking == false ? NoThoughts : "";
            if (content.StartsWith(prompted, StringComparison.Ordinal))
            {
                text.Append(prompted);
                content = content[prompted.Length..];
            }
        }

        text.AppendAnswer(turn, content + calls, EndOfTurn);
    }

    private static (string Thoughts, string Content) Split(ChatTurn turn)
    {
        const string Open = "<think>", Close = "</think>";
        if (turn.Reasoning is { } reasoning) return (reasoning, turn.Content);
        if (!turn.Content.Contains(Close, StringComparison.Ordinal)) return ("", turn.Content);
        string thoughts = PythonText.AfterLast(PythonText.BeforeFirst(turn.Content, Close).TrimEnd('\n'), Open).TrimStart('\n');
        return (thoughts, PythonText.AfterLast(turn.Content, Close).TrimStart('\n'));
    }

    /// <summary>The last user's turn that is not a tool's answer in disguise; the last turn where there is none.</summary>
    private static int LastQuestion(IReadOnlyList<ChatTurn> turns)
    {
        for (int i = turns.Count - 1; i >= 0; i--)
        {
            string content = turns[i].Content;
            bool toolResponse = content.StartsWith("<tool_response>", StringComparison.Ordinal)
                && content.EndsWith("</tool_response>", StringComparison.Ordinal);
            if (turns[i].IsUser && !toolResponse) return i;
        }

        return turns.Count - 1;
    }
}
