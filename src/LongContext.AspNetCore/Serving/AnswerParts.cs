using System.Text;
using LongContext.AspNetCore.Protocol;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>What an answer is made of, in the protocol's words.</summary>
internal static class AnswerParts
{
    public static CompletionUsage Usage(UsageDetails? usage)
    {
        long input = usage?.InputTokenCount ?? 0, output = usage?.OutputTokenCount ?? 0;
        return new CompletionUsage(input, output, usage?.TotalTokenCount ?? input + output)
        {
            PromptTokensDetails = usage?.CachedInputTokenCount is { } cached ? new PromptTokenDetails(cached) : null,
        };
    }

    public static string FinishReason(ChatFinishReason? reason) => reason?.Value ?? ChatFinishReason.Stop.Value;

    /// <summary>What the model thought; null for nothing.</summary>
    public static string? Reasoning(IEnumerable<AIContent> contents)
    {
        StringBuilder? text = null;
        foreach (AIContent content in contents)
        {
            if (content is TextReasoningContent { Text.Length: > 0 } thought) (text ??= new StringBuilder()).Append(thought.Text);
        }

        return text?.ToString();
    }
}
