namespace LongContext.Chat.Formats;

/// <summary>Qwen 2.5 and the Qwen 3 models that do not think (Instruct 2507): ChatML with tools.</summary>
/// <param name="name">The format's name.</param>
/// <param name="defaultSystem">The system prompt of conversations that bring none; null for none.</param>
internal sealed class QwenFormat(string name, string? defaultSystem) : ChatFormat(name, EndOfTurn, "<|endoftext|>")
{
    private const string EndOfTurn = "<|im_end|>";

    /// <summary>Whether the example of a call in the list of tools has its braces doubled.</summary>
    public bool DoublesBraces { get; init; }

    public override ToolCallSyntax ToolCalls => ToolCallSyntax.Hermes;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        string? system = Roles.OpeningSystem(turns) ?? defaultSystem;
        string? list = options.Tools.Count > 0 ? HermesTools.List(options.Tools, DoublesBraces) : null;
        string?[] parts = [system, list];
        if (parts.Any(part => part is not null))
            text.Append("<|im_start|>system\n" + string.Join("\n\n", parts.Where(part => part is not null)) + EndOfTurn + "\n");
        for (int i = turns[0].IsSystem ? 1 : 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            if (turn.IsTool)
            {
                HermesTools.WriteAnswer(text, turns, i);
                continue;
            }

            text.Append($"<|im_start|>{turn.Role}\n");
            if (turn.IsAssistant) text.AppendAnswer(i, HermesTools.WithCalls(turn.Content, turn.ToolCalls), EndOfTurn).Append("\n");
            else text.Append(turn.Content).Append(EndOfTurn + "\n");
        }

        if (options.AddGenerationPrompt) text.Append("<|im_start|>assistant\n");
    }
}
