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
        return Find(response.AdditionalProperties);
    }

    /// <summary>Those of the tokens that begin in an update's text, in order; null where it has none.</summary>
    /// <param name="update">A piece of a response.</param>
    public static IReadOnlyList<ChatLogProbability>? GetLogProbabilities(this ChatResponseUpdate update)
    {
        ArgumentNullException.ThrowIfNull(update);
        return Find(update.AdditionalProperties);
    }

    private static IReadOnlyList<ChatLogProbability>? Find(AdditionalPropertiesDictionary? properties) =>
        properties is not null && properties.TryGetValue(ChatOptionKeys.LogProbabilities, out object? found) ? found as IReadOnlyList<ChatLogProbability> : null;
}
