using System.Text;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>
/// The text of one turn apart from its calls, as templates and OpenAI's protocol have it: what is said behind a call stands on a line of its own. Thoughts and all else are left out.
/// </summary>
internal sealed class SpokenText
{
    private bool isAfterCall, endsInWord;

    /// <summary>The text that the next contents add.</summary>
    public string Add(IEnumerable<AIContent> contents)
    {
        string first = "";
        StringBuilder? more = null;
        foreach (AIContent content in contents)
        {
            isAfterCall |= content is FunctionCallContent;
            if (content is not TextContent { Text: { Length: > 0 } text }) continue;
            if (isAfterCall && endsInWord && !char.IsWhiteSpace(text[0])) text = "\n" + text;
            (isAfterCall, endsInWord) = (false, !char.IsWhiteSpace(text[^1]));
            // Most pieces have one text.
            if (first.Length == 0) first = text;
            else (more ??= new StringBuilder(first)).Append(text);
        }

        return more?.ToString() ?? first;
    }
}
