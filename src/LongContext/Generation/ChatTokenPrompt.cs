using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>A prompt that is given as tokens in place of messages (<see cref="ChatOptionKeys.PromptTokenIds"/>).</summary>
internal static class ChatTokenPrompt
{
    /// <summary>The tokens, as they are.</summary>
    /// <param name="ids">The tokens, within the vocabulary.</param>
    /// <param name="messages">The messages, which have no text.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="asked">The same, read.</param>
    /// <exception cref="ArgumentException">There are none, or there is something besides that has no place in them.</exception>
    public static int[] Of(IReadOnlyList<int> ids, IEnumerable<ChatMessage> messages, ChatOptions options, ChatRequestOptions asked)
    {
        const string given = $"The prompt is given as tokens (ChatOptions.AdditionalProperties[\"{ChatOptionKeys.PromptTokenIds}\"])";
        if (ids.Count == 0) throw new ArgumentException($"{given}, but there are none, expected at least one.", nameof(options));
        if (messages.Any(message => message?.Contents.Any(content => content is not TextContent { Text.Length: 0 }) ?? false)) throw new ArgumentException($"{given}, but a message says something, too: send one or the other.", nameof(messages));
        if (!string.IsNullOrEmpty(options.Instructions)) throw new ArgumentException($"{given}, but there are ChatOptions.Instructions, too, which have no place in it.", nameof(options));
        if (asked.Tools.Tools.Count > 0) throw new NotSupportedException($"{given}, but ChatOptions.Tools names {asked.Tools.Tools.Count} functions, which have no place in it.");
        if (asked.ContinueFinalMessage) throw new ArgumentException($"{given}, so there is no message to go on with ({ChatOptionKeys.ContinueFinalMessage}).", nameof(options));
        return [.. ids];
    }
}
