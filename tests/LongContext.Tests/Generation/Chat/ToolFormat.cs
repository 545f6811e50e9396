using LongContext.Chat;

namespace LongContext.Tests.Generation.Chat;

/// <summary>A format with a place for tools, over ChatML's special tokens: what it was given is seen in the prompt.</summary>
internal sealed class ToolFormat(ToolCallSyntax syntax, ReasoningTags? tags = null, string prompted = "") : ChatFormat("tools", "<|im_end|>")
{
    public override ToolCallSyntax ToolCalls => syntax;

    public override ReasoningTags? ReasoningTags => tags;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        foreach (ChatTool tool in options.Tools) text.Append($"tool {tool.Name} ({tool.Description}) {tool.Parameters.GetRawText()}\n");
        for (int i = 0; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            text.Append($"<|im_start|>{turn.Role}{(turn.ToolCallId is { } id ? $" {turn.ToolName} {id}" : "")}\n");
            if (turn.Role == "assistant") text.AppendAnswer(i, turn.Content + (turn.ToolCalls.Count > 0 ? syntax.Write(turn.ToolCalls) : ""), "<|im_end|>");
            else text.Append(turn.Content + "<|im_end|>");
            text.Append("\n");
        }

        if (options.AddGenerationPrompt) text.Append("<|im_start|>assistant\n" + prompted);
    }
}
