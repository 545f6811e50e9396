namespace LongContext.Chat.Formats;

/// <summary>Llama 2: instructions in brackets, the system prompt inside the first one, white space stripped.</summary>
internal sealed class Llama2Format(string beginningOfSentence, string endOfSentence) : ChatFormat("llama2", endOfSentence)
{
    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        int first = turns[0].IsSystem ? 1 : 0;
        Roles.RequireAlternation(turns, first, Name);
        for (int i = first; i < turns.Count; i++)
        {
            // A system turn further on satisfies the alternation but is written nowhere.
            string content = turns[i].Content;
            if (i == 1 && first == 1) content = $"<<SYS>>\n{turns[0].Content}\n<</SYS>>\n\n{content}";
            content = PythonText.Strip(content);
            if (turns[i].IsUser) text.Append(beginningOfSentence + "[INST] ").Append(content).Append(" [/INST]");
            else if (turns[i].IsAssistant) text.AppendAnswer(i, " " + content, " " + endOfSentence);
        }
    }
}
