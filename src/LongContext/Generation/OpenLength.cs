using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>Says of chat options that MaxOutputTokens is no length that was asked for, but the limit of who stands before the client: what the client leaves or says by itself counts, up to there.</summary>
/// <remarks>Other clients do not know it, and keep to the limit all the same: they are asked without it.</remarks>
/// <param name="IsRest">Whether what window and memory leave was asked for; else nothing was.</param>
internal sealed record OpenLength(bool IsRest)
{
    /// <summary>Its name among the additional properties.</summary>
    public const string Key = "longcontext_open_length";

    /// <summary>Bounds an answer whose length is left open.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="limit">Tokens of the answer at most.</param>
    /// <param name="isRest">As of <see cref="IsRest"/>.</param>
    public static void Bound(ChatOptions options, int limit, bool isRest)
    {
        options.MaxOutputTokens = limit;
        (options.AdditionalProperties ??= [])[Key] = new OpenLength(isRest);
    }

    /// <summary>Options for a client that is not this library's: without what is between its own parts.</summary>
    /// <param name="options">What is asked for; not changed.</param>
    public static ChatOptions? Hide(ChatOptions? options)
    {
        if (options?.AdditionalProperties?.ContainsKey(Key) != true) return options;
        ChatOptions hidden = options.Clone();
        hidden.AdditionalProperties!.Remove(Key);
        if (hidden.AdditionalProperties.Count == 0) hidden.AdditionalProperties = null;
        return hidden;
    }
}
