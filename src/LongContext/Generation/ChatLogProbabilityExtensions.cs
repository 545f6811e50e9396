using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Finds the log-probabilities that <see cref="LongContextChatClient"/> was asked for (<see cref="ChatOptionKeys.LogProbabilities"/>).</summary>
public static class ChatLogProbabilityExtensions
{
    /// <summary>Those of a response's tokens, in order; null where it has none.</summary>
    /// <param name="response">A response that was not streamed: one that is put together from updates has only the last of them.</param>
    public static IReadOnlyList<ChatLogProbability>? GetLogProbabilities(this ChatResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return Find(response.AdditionalProperties, ChatOptionKeys.LogProbabilities);
    }

    /// <summary>Those of the tokens that begin in an update's text, in order; null where it has none.</summary>
    /// <param name="update">A piece of a response.</param>
    public static IReadOnlyList<ChatLogProbability>? GetLogProbabilities(this ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return Find(update.AdditionalProperties, ChatOptionKeys.LogProbabilities);
    }

    /// <summary>Those of the prompt's tokens (<see cref="ChatOptionKeys.PromptLogProbabilities"/>), in order; null where the response has none.</summary>
    /// <param name="response">A response that was not streamed.</param>
    public static IReadOnlyList<ChatLogProbability>? GetPromptLogProbabilities(this ChatResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        return Find(response.AdditionalProperties, ChatOptionKeys.PromptLogProbabilities);
    }

    /// <summary>Those of the prompt's tokens, in order; null where the update, which is a stream's first where they were asked for, has none.</summary>
    /// <param name="update">A piece of a response.</param>
    public static IReadOnlyList<ChatLogProbability>? GetPromptLogProbabilities(this ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return Find(update.AdditionalProperties, ChatOptionKeys.PromptLogProbabilities);
    }

    private static IReadOnlyList<ChatLogProbability>? Find(AdditionalPropertiesDictionary? properties, string key) =>
        properties is not null && properties.TryGetValue(key, out object? found) ? found as IReadOnlyList<ChatLogProbability> : null;
}
