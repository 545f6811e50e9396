using LongContext.Evaluation;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>The updates of one answer, as they are given out.</summary>
/// <param name="request">What was asked.</param>
/// <param name="answer">What is made of it.</param>
/// <param name="tokenizer">The model's.</param>
/// <param name="modelId">The model's name.</param>
/// <param name="created">When the answer was begun.</param>
internal sealed class ChatUpdates(ChatRequest request, ChatAnswer answer, Tokenizer tokenizer, string modelId, DateTimeOffset created)
{
    private readonly string id = "longcontext-" + Guid.NewGuid().ToString("N");
    private bool promptTold;

    /// <summary>What is told of the prompt, once and before all text; null where there is nothing, not yet or no more.</summary>
    public ChatResponseUpdate? OfPrompt()
    {
        IReadOnlyList<PromptToken>? tokens = answer.Usage.PromptDetails;
        if (promptTold || (tokens is null && (request.KeptText is null || request.Request.Options.PromptLogProbabilities is not null))) return null;
        promptTold = true;
        ChatResponseUpdate update = Of([], null);
        update.AdditionalProperties = [];
        if (tokens is not null) update.AdditionalProperties[ChatOptionKeys.PromptLogProbabilities] = ChatPromptScores.Of(tokens, tokenizer, request.PromptText);
        if (request.KeptText is { } kept) update.AdditionalProperties[ChatOptionKeys.PromptText] = kept;
        return update;
    }

    /// <summary>A piece of the answer.</summary>
    public ChatResponseUpdate Of(IList<AIContent> contents, IReadOnlyList<ChatLogProbability>? details) => new(ChatRole.Assistant, contents)
    {
        AdditionalProperties = details is null ? null : new AdditionalPropertiesDictionary { [ChatOptionKeys.LogProbabilities] = details },
        ResponseId = id,
        MessageId = id,
        ModelId = modelId,
        CreatedAt = created,
    };

    /// <summary>The last: why the answer ended, and what it took.</summary>
    /// <param name="hasCalls">Whether functions are called.</param>
    public ChatResponseUpdate Last(bool hasCalls)
    {
        ChatResponseUpdate last = Of([new UsageContent(new UsageDetails
        {
            InputTokenCount = request.Request.Prompt.Length,
            OutputTokenCount = answer.MadeTokens,
            TotalTokenCount = (long)request.Request.Prompt.Length + answer.MadeTokens,
            CachedInputTokenCount = answer.Usage.ReusedTokens,
        })], null);
        // An answer that was cut is cut, whatever it has called.
        last.FinishReason = hasCalls && answer.FinishReason != ChatFinishReason.Length ? ChatFinishReason.ToolCalls : answer.FinishReason;
        // For who measures; when pieces are read says little of when tokens were made.
        last.RawRepresentation = answer.Usage;
        if (request.PromptCut is { } cut) (last.AdditionalProperties ??= [])[ChatOptionKeys.PromptCut] = cut;
        if (answer.StopToken is { } end) (last.AdditionalProperties ??= [])[ChatOptionKeys.StopToken] = end;
        if (answer.Usage.DroppedTokens > 0) (last.AdditionalProperties ??= [])[ChatOptionKeys.DroppedTokens] = answer.Usage.DroppedTokens;
        return last;
    }

    /// <summary>All of them as one response.</summary>
    public static async Task<ChatResponse> JoinAsync(IAsyncEnumerable<ChatResponseUpdate> updates)
    {
        var contents = new ChatContentJoiner();
        List<ChatLogProbability>? details = null;
        IReadOnlyList<ChatLogProbability>? ofPrompt = null;
        object? kept = null;
        ChatResponseUpdate? last = null;
        await foreach (ChatResponseUpdate update in updates.ConfigureAwait(false))
        {
            contents.Add(update.Contents);
            if (update.GetLogProbabilities() is { } found) (details ??= []).AddRange(found);
            ofPrompt ??= update.GetPromptLogProbabilities();
            kept ??= update.AdditionalProperties?.GetValueOrDefault(ChatOptionKeys.PromptText);
            last = update;
        }

        AdditionalPropertiesDictionary? properties = last!.AdditionalProperties;
        if (details is not null) (properties ??= [])[ChatOptionKeys.LogProbabilities] = details;
        if (ofPrompt is not null) (properties ??= [])[ChatOptionKeys.PromptLogProbabilities] = ofPrompt;
        if (kept is not null) (properties ??= [])[ChatOptionKeys.PromptText] = kept;
        return new ChatResponse(new ChatMessage(ChatRole.Assistant, contents.ToList()) { MessageId = last.MessageId, CreatedAt = last.CreatedAt })
        {
            ResponseId = last.ResponseId,
            ModelId = last.ModelId,
            CreatedAt = last.CreatedAt,
            FinishReason = last.FinishReason,
            Usage = last.Contents.OfType<UsageContent>().Single().Details,
            AdditionalProperties = properties,
        };
    }
}
