using System.Globalization;

namespace LongContext.Chat.Formats;

/// <summary>SmolLM3: ChatML under a system block with date and reasoning mode, in which flags of the system prompt have their say.</summary>
internal sealed class SmolLm3Format(string name, bool showsDate, bool canOverride, bool endsSystem, bool takesTools) : ChatFormat(name, EndOfTurn)
{
    private const string EndOfTurn = "<|im_end|>";
    private const string NoThoughts = "<think>\n\n</think>\n";
    private const string Think = "/think";
    private const string NoThink = "/no_think";
    private const string Override = "/system_override";
    private const string Introduction = "You are a helpful AI assistant named SmolLM, trained by Hugging Face.";

    private const string ThinkingAdvice =
        " Your role as an assistant involves thoroughly exploring questions through a systematic thinking process before providing the final precise and accurate solutions. This requires engaging in a comprehensive cycle of analysis, summarizing, exploration, reassessment, reflection, backtracking, and iteration to develop well-considered thinking process. Please structure your response into two main sections: Thought and Solution using the specified format: <think> Thought section </think> Solution section. In the Thought section, detail your reasoning process in steps. Each step should include detailed considerations such as analysing questions, summarizing relevant findings, brainstorming new ideas, verifying the accuracy of the current steps, refining any errors, and revisiting previous steps. In the Solution section, based on various attempts, explorations, and reflections from the Thought section, systematically present the final solution that you deem correct. The Solution section should be logical, accurate, and concise and detail necessary steps needed to reach the conclusion.";

    private const string ToolsIntroduction =
        "### Tools\n\nYou may call one or more functions to assist with the user query.\nYou are provided with function signatures within <tools></tools> XML tags:\n\n<tools>\n";

    private const string ToolsEnd =
        "</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n" +
        "<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>\n\n";

    public override ReasoningTags ReasoningTags => ReasoningTags.Think;

    public override ToolCallSyntax? ToolCalls => takesTools ? ToolCallSyntax.Hermes : null;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        string? system = Roles.OpeningSystem(turns);
        bool thinks = Thinks(system, options);
        WriteSystem(text, system, thinks, options);
        for (int i = 0; i < turns.Count; i++)
        {
            // Tools answer as users do; calls, which the template leaves to the caller, are written as the system block asks.
            string content = turns[i].Content;
            if (turns[i].IsUser || turns[i].IsTool) text.Append("<|im_start|>user\n").Append(content).Append(EndOfTurn + "\n");
            else if (turns[i].IsAssistant) Open(text, thinks).AppendAnswer(i, HermesTools.WithCalls(content, turns[i].ToolCalls).TrimStart('\n'), EndOfTurn).Append("\n");
        }

        if (options.AddGenerationPrompt) Open(text, thinks);
    }

    private static ChatTextBuilder Open(ChatTextBuilder text, bool thinks) =>
        text.Append("<|im_start|>assistant\n").Append(thinks ? "" : NoThoughts);

    private static bool Thinks(string? system, ChatRenderOptions options) =>
        system?.Contains(NoThink, StringComparison.Ordinal) == true ? false
        : system?.Contains(Think, StringComparison.Ordinal) == true || (options.EnableThinking ?? true);

    private void WriteSystem(ChatTextBuilder text, string? system, bool thinks, ChatRenderOptions options)
    {
        string custom = PythonText.StripEnd(Without(Without(system ?? "", NoThink), Think));
        text.Append("<|im_start|>system\n");
        if (canOverride && system?.Contains(Override, StringComparison.Ordinal) == true)
        {
            text.Append(PythonText.StripEnd(Without(custom, Override))).Append(EndOfTurn + "\n");
            return;
        }

        text.Append("## Metadata\n\nKnowledge Cutoff Date: June 2025\n");
        if (showsDate) text.Append($"Today Date: {options.DateOrToday().ToString("dd MMMM yyyy", CultureInfo.InvariantCulture)}\n");
        text.Append($"Reasoning Mode: {(thinks ? Think : NoThink)}\n\n## Custom Instructions\n\n");
        text.Append(custom.Length > 0 ? custom : thinks ? Introduction + ThinkingAdvice : Introduction).Append("\n\n");
        foreach (ChatTool tool in options.Tools)
            text.Append(tool == options.Tools[0] ? ToolsIntroduction : "").Append(PythonLiteral.Write(tool.ToElement())).Append("\n");
        if (options.Tools.Count > 0) text.Append(ToolsEnd);
        // The model's own template ends this block only when it lists tools.
        if (endsSystem || options.Tools.Count > 0) text.Append(EndOfTurn + "\n");
    }

    private static string Without(string text, string flag) => text.Replace(flag, "", StringComparison.Ordinal);
}
