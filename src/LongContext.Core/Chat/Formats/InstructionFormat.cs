namespace LongContext.Chat.Formats;

/// <summary>
/// The formats of Mistral, in which [INST] and [/INST] stand around what the user says. They differ in blanks, in where the system
/// prompt goes, and know no generation prompt.
/// </summary>
internal sealed partial class InstructionFormat(string name, string beginningOfSentence, string endOfSentence) : ChatFormat(name, endOfSentence)
{
    public enum SystemPlace
    {
        /// <summary>A system turn is refused.</summary>
        None,

        /// <summary>Before the first user's content.</summary>
        FirstUser,

        /// <summary>Before the user's content that ends the conversation; if an answer does, nowhere.</summary>
        FinalUser,

        /// <summary>Before the last user's content, and before every other that is equal to it (templates compare whole messages).</summary>
        LastUser,

        /// <summary>A block of its own wherever it stands, and roles need not alternate.</summary>
        OwnBlock,
    }

    /// <summary>What stands before a user's content.</summary>
    public required string BeforeUser { get; init; }

    /// <summary>What stands after it.</summary>
    public required string AfterUser { get; init; }

    /// <summary>What stands before an answer. The model says it (a blank is part of its first token), so it is the answer's.</summary>
    public string BeforeAnswer { get; init; } = "";

    /// <summary>What stands after an answer's end-of-sentence token.</summary>
    public string AfterAnswer { get; init; } = "";

    /// <summary>Whether white space around answers is left out.</summary>
    public bool TrimsAnswers { get; init; }

    /// <summary>Where the system prompt goes.</summary>
    public SystemPlace System { get; init; }

    /// <summary>How calls are written; null for no tools.</summary>
    public ToolCallSyntax? Syntax { get; init; }

    public override ToolCallSyntax? ToolCalls => Syntax;

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        text.Append(beginningOfSentence);
        bool takesSystem = System is not (SystemPlace.None or SystemPlace.OwnBlock);
        int first = takesSystem && turns[0].IsSystem ? 1 : 0;
        if (System != SystemPlace.OwnBlock) Roles.RequireAlternation(turns, first, Name, skipsTools: Syntax is not null);
        ChatTurn? last = turns.LastOrDefault(turn => turn.IsUser);
        for (int i = first; i < turns.Count; i++)
        {
            ChatTurn turn = turns[i];
            if (turn.IsUser)
            {
                if (options.Tools.Count > 0 && turn.Content == last?.Content) WriteTools(text, options.Tools);
                text.Append(BeforeUser);
                bool holds = System switch
                {
                    SystemPlace.FirstUser => i == first,
                    SystemPlace.FinalUser => i == turns.Count - 1,
                    _ => turn.Content == last?.Content,
                };
                if (first == 1 && holds) text.Append(turns[0].Content).Append("\n\n");
                text.Append(turn.Content).Append(AfterUser);
            }
            else if (turn.IsTool)
            {
                WriteToolAnswer(text, turns, i);
            }
            else if (turn.ToolCalls.Count > 0)
            {
                // The template leaves out what else the turn says.
                text.AppendAnswer(i, Calls(turns, i), endOfSentence).Append(AfterAnswer);
            }
            else if (turn.IsAssistant)
            {
                string content = TrimsAnswers ? PythonText.Strip(turn.Content) : turn.Content;
                text.AppendAnswer(i, BeforeAnswer + content, endOfSentence).Append(AfterAnswer);
            }
            else
            {
                WriteSystem(text, turns, i);
            }
        }
    }

    /// <summary>What stands behind the tokens in brackets: a blank or, with the tekken tokenizers, nothing.</summary>
    private string Blank => BeforeUser.EndsWith(' ') ? " " : "";

    private void WriteSystem(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, int turn)
    {
        if (System != SystemPlace.OwnBlock)
            throw Roles.Refused(turns, turn, "\"user\" or \"assistant\"", "turns after the opening are the user's and the assistant's", Name);
        text.Append("[SYSTEM_PROMPT]" + Blank).Append(turns[turn].Content).Append("[/SYSTEM_PROMPT]");
    }
}
