using LongContext.Generation;
using Microsoft.Extensions.AI;

namespace LongContext.Hosting;

/// <summary>The text of one answer, which OpenAI's protocol has apart from its calls, as it will stand in the next request's prompt.</summary>
internal sealed class AnswerText
{
    private readonly SpokenText text = new();

    /// <summary>The text that the next contents add.</summary>
    public string Add(IEnumerable<AIContent> contents) => text.Add(contents);
}
