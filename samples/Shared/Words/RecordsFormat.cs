using LongContext.Chat;

namespace LongContext.Samples.Shared.Words;

/// <summary>
/// The word model's chat format, to show how one is written: what a person says as it is, then the answer and the token that ends it. The
/// sign that asks, <c>&lt;repeat&gt; &lt;c&gt;</c>, is part of what is said, so that no header is needed.
/// </summary>
internal sealed class RecordsFormat() : ChatFormat(FormatName, "</s>")
{
    public const string FormatName = "records";

    /// <summary>The format that a command line names; without a name the one that the model's folder has a template of.</summary>
    public static ChatFormat Find(string? name, string modelFolder) => name switch
    {
        null => Load(modelFolder),
        FormatName => new RecordsFormat(),
        _ => Named(name),
    };

    protected override void Write(ChatTextBuilder text, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        text.Append("<s> ");
        for (int i = 0; i < turns.Count; i++)
        {
            if (turns[i].Role == "assistant") text.AppendAnswer(i, turns[i].Content, " </s>").Append(" ");
            else text.Append(turns[i].Content).Append(" ");
        }
    }
}
