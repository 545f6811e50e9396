namespace LongContext.Chat.Formats;

/// <summary>Formats in which every turn is a block of the same form: a header with the role, the content, an end.</summary>
internal sealed class BlockFormat(string name, params IReadOnlyList<string> stopTokens) : ChatFormat(name, stopTokens)
{
    /// <summary>What stands around thoughts, where the model thinks.</summary>
    public ReasoningTags? Reasoning { get; init; }

    public override ReasoningTags? ReasoningTags => Reasoning;

    /// <summary>What opens a turn of that role.</summary>
    public required Func<string, string> Header { get; init; }

    /// <summary>What ends a turn; its last answer's token included, a line feed after it not.</summary>
    public required string EndOfTurn { get; init; }

    /// <summary>What stands between an ended turn and the next one.</summary>
    public string AfterTurn { get; init; } = "";

    /// <summary>What stands before everything, such as a beginning-of-sentence token.</summary>
    public string Beginning { get; init; } = "";

    /// <summary>What stands after everything where no generation prompt does.</summary>
    public string Ending { get; init; } = "";

    /// <summary>Whether white space around contents is left out.</summary>
    public bool Trims { get; init; }

    /// <summary>The opening block's content from the opening system turn's (null where there is none); null for no such block.</summary>
    public Func<string?, ChatRenderOptions, string?> System { get; init; } = (content, _) => content;

    /// <summary>Whether a system turn without content is left out.</summary>
    public bool SkipsEmptySystem { get; init; }

    /// <summary>Whether the generation prompt stands at the end regardless.</summary>
    public bool AlwaysPrompts { get; init; }

    /// <summary>Whether the generation prompt hangs on a turn other than the opening system turn.</summary>
    public bool PromptNeedsTurn { get; init; }

    /// <summary>How calls are written; null for no tools.</summary>
    public ToolCallSyntax? Syntax { get; init; }

    public override ToolCallSyntax? ToolCalls => Syntax;

    /// <summary>A block of its own that lists tools, from at least one; null where <see cref="System"/> does.</summary>
    public Func<IReadOnlyList<ChatTool>, string>? ToolList { get; init; }

    /// <summary>Whether that block stands before the system prompt, else behind it.</summary>
    public bool ListsToolsFirst { get; init; }

    /// <summary>The role of tools' answers.</summary>
    public string ToolRole { get; init; } = ChatTurn.ToolRole;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        text.Append(Beginning);
        int first = turns[0].IsSystem ? 1 : 0;
        string list = options.Tools.Count > 0 && ToolList is not null ? ToolList(options.Tools) : "";
        if (ListsToolsFirst) text.Append(list);
        if (System(Roles.OpeningSystem(turns), options) is { } system) WriteBlock(text, ChatTurn.SystemRole, system);
        if (!ListsToolsFirst) text.Append(list);
        for (int i = first; i < turns.Count; i++)
        {
            string content = Trims ? PythonText.Strip(turns[i].Content) : turns[i].Content;
            if (turns[i].ToolCalls.Count > 0) content += Syntax!.Write(turns[i].ToolCalls);
            if (turns[i].IsAssistant) text.Append(Header(turns[i].Role)).AppendAnswer(i, content, EndOfTurn).Append(AfterTurn);
            else WriteBlock(text, turns[i].IsTool ? ToolRole : turns[i].Role, content);
        }

        bool prompts = AlwaysPrompts || options.AddGenerationPrompt;
        if (!prompts) text.Append(Ending);
        else if (!PromptNeedsTurn || first < turns.Count) text.Append(Header(ChatTurn.AssistantRole));
    }

    private void WriteBlock(ChatTextBuilder text, string role, string content)
    {
        if (content.Length == 0 && role == ChatTurn.SystemRole && SkipsEmptySystem) return;
        text.Append(Header(role)).Append(content).Append(EndOfTurn).Append(AfterTurn);
    }
}
