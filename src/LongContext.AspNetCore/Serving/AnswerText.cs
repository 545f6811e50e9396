using System.Text;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>The text of one answer, which the protocol has apart from its calls: what is said behind a call stands on a line of its own, as it will in the next request's prompt.</summary>
internal sealed class AnswerText
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
