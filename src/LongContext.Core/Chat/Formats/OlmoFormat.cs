namespace LongContext.Chat.Formats;

/// <summary>OLMo 2 and Tulu 3: only answers end with the end-of-sentence token, and no line feed follows the one that ends the conversation.</summary>
internal sealed class OlmoFormat(string name, string beginning, string endOfSentence) : ChatFormat(name, endOfSentence)
{
    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        text.Append(beginning);
        for (int i = 0; i < turns.Count; i++)
        {
            text.Append(Header(turns[i].Role));
            if (turns[i].IsAssistant) text.AppendAnswer(i, turns[i].Content, endOfSentence).Append(i < turns.Count - 1 ? "\n" : "");
            else text.Append(turns[i].Content).Append("\n");
        }

        if (options.AddGenerationPrompt) text.Append(Header(ChatTurn.AssistantRole));
    }

    private static string Header(string role) => $"<|{role}|>\n";
}
