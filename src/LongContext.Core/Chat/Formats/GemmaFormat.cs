namespace LongContext.Chat.Formats;

/// <summary>Gemma: the assistant is called "model"; a system prompt is refused (1, 2) or goes before the first user's content (3).</summary>
internal sealed class GemmaFormat(string name, string beginning, bool takesSystem) : ChatFormat(name, "<end_of_turn>")
{
    private const string EndOfTurn = "<end_of_turn>";

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        if (turns[0].IsSystem && !takesSystem)
            throw Roles.Refused(turns, 0, "\"user\"", "turns are the user's and the assistant's, a system role is not supported", Name);
        int first = turns[0].IsSystem ? 1 : 0;
        Roles.RequireAlternation(turns, first, Name);
        text.Append(beginning);
        for (int i = first; i < turns.Count; i++)
        {
            string content = PythonText.Strip(turns[i].Content);
            text.Append(Header(turns[i].IsAssistant ? "model" : turns[i].Role));
            if (i == 1 && first == 1) text.Append(turns[0].Content).Append("\n\n");
            if (turns[i].IsAssistant) text.AppendAnswer(i, content, EndOfTurn).Append("\n");
            else text.Append(content).Append(EndOfTurn + "\n");
        }

        if (options.AddGenerationPrompt) text.Append(Header("model"));
    }

    private static string Header(string role) => $"<start_of_turn>{role}\n";
}
