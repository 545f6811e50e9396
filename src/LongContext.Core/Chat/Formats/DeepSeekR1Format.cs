namespace LongContext.Chat.Formats;

/// <summary>DeepSeek-R1 and the Qwen and Llama models distilled from it: the system prompt before all else, answers without their thoughts, and a generation prompt that opens the thoughts.</summary>
/// <param name="beginning">The beginning-of-sentence token.</param>
internal sealed class DeepSeekR1Format(string beginning) : ChatFormat("deepseek-r1", EndOfTurn)
{
    private const string EndOfTurn = "<｜end▁of▁sentence｜>";
    private const string User = "<｜User｜>";
    private const string Assistant = "<｜Assistant｜>";

    public override ReasoningTags ReasoningTags => ReasoningTags.Think;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        // Of several system turns, wherever they stand, the last one counts.
        text.Append(beginning).Append(turns.LastOrDefault(turn => turn.IsSystem)?.Content ?? "");
        for (int i = 0; i < turns.Count; i++)
        {
            if (turns[i].IsUser) text.Append(User).Append(turns[i].Content);
            else if (turns[i].IsAssistant) text.Append(Assistant).AppendAnswer(i, PythonText.AfterLast(turns[i].Content, ReasoningTags.Closing), EndOfTurn);
        }

        if (options.AddGenerationPrompt) text.Append(Assistant + "<think>\n");
    }
}
