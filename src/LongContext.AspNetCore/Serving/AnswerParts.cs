using System.Text;
using System.Text.Json;
using LongContext.AspNetCore.Protocol;
using LongContext.Evaluation;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Serving;

/// <summary>What an answer is made of, in the protocol's words.</summary>
internal static class AnswerParts
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>Tokens of all answers to a request; a prompt, which is one and the same for the answers to it, counts once.</summary>
    /// <param name="answers">Those to the first prompt, then those to the next.</param>
    /// <param name="prompts">How many prompts there are.</param>
    public static CompletionUsage Usage(IReadOnlyList<UsageDetails?> answers, int prompts = 1)
    {
        int each = answers.Count / prompts;
        UsageDetails?[] firsts = [.. answers.Where((_, i) => i % each == 0)];
        long input = firsts.Sum(first => first?.InputTokenCount ?? 0), output = answers.Sum(answer => answer?.OutputTokenCount ?? 0);
        return new CompletionUsage(input, output, answers.Count == 1 && firsts[0]?.TotalTokenCount is { } total ? total : input + output)
        {
            PromptTokensDetails = Array.Exists(firsts, first => first?.CachedInputTokenCount is not null) ? new PromptTokenDetails(firsts.Sum(first => first?.CachedInputTokenCount ?? 0)) : null,
        };
    }

    /// <summary>Adds what a piece says of the tokens used.</summary>
    public static void Count(ChatResponseUpdate update, ref UsageDetails? usage)
    {
        foreach (AIContent content in update.Contents)
        {
            if (content is UsageContent count) (usage ??= new UsageDetails()).Add(count.Details);
        }
    }

    /// <summary>What was left out for answers; null for nothing.</summary>
    public static AnswerNotes? Notes(params IEnumerable<AdditionalPropertiesDictionary?> told)
    {
        AnswerNotes? notes = null;
        foreach (AdditionalPropertiesDictionary properties in told.OfType<AdditionalPropertiesDictionary>())
        {
            // The prompt is one and the same for all.
            if (properties.TryGetValue(ChatOptionKeys.PromptCut, out TokenCut cut)) notes = (notes ?? new AnswerNotes()) with { PromptCut = new PromptCutNote(cut.Start, cut.Count) };
            if (properties.TryGetValue(ChatOptionKeys.DroppedTokens, out int dropped)) notes = (notes ?? new AnswerNotes()) with { DroppedTokens = Math.Max(dropped, notes?.DroppedTokens ?? 0) };
        }

        return notes;
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

    /// <summary>The functions that are called.</summary>
    public static IEnumerable<ChatCall> Calls(IEnumerable<AIContent> contents) => contents.OfType<FunctionCallContent>().Select(call => new ChatCall(new ChatCallFunction(Json(call)) { Name = call.Name })
    {
        Id = call.CallId, Type = "function",
    });

    /// <summary>A call's arguments as JSON.</summary>
    public static string Json(FunctionCallContent call) =>
        JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), Compact.GetTypeInfo(typeof(IDictionary<string, object?>)));
}
