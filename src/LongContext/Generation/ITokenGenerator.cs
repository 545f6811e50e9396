using LongContext.Generation.Scheduling;

namespace LongContext.Generation;

/// <summary>Makes the tokens of a chat client's answers: where an engine that serves many requests at once takes the place of one request at a time.</summary>
internal interface ITokenGenerator
{
    /// <summary>Tokens of prompt and answer that one request may have, as memory allows; null where nothing says so.</summary>
    int? MaximumTokens => null;

    /// <summary>What a request needs of memory, and what memory has for it; null where nothing says so.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="answer">Tokens of the answer, at most.</param>
    /// <param name="dropping">What is dropped on the way; null for nothing.</param>
    CacheRoom? Room(int prompt, int answer, TokenDropping? dropping) => null;

    /// <summary>The tokens that follow a prompt, as they come, without the stop token that ended them.</summary>
    /// <param name="request">The prompt and how it is continued.</param>
    /// <param name="usage">Told what is known of the work, at the latest before the first token.</param>
    /// <param name="cancellationToken">Ends the wait for the model and the work at the next token or chunk of the prompt.</param>
    /// <remarks>Whoever stops reading early disposes the enumerator; the work ends with it. No thread of the caller's is kept busy.</remarks>
    IAsyncEnumerable<GeneratedToken> GenerateAsync(GenerationRequest request, GenerationUsage usage, CancellationToken cancellationToken);
}
