namespace LongContext.Generation;

/// <summary>Makes the tokens of a chat client's answers: where an engine that serves many requests at once takes the place of one request at a time.</summary>
internal interface ITokenGenerator
{
    /// <summary>The tokens that follow a prompt, as they come, without the stop token that ended them.</summary>
    /// <param name="prompt">Token ids, special ones included; at least one.</param>
    /// <param name="options">How tokens are chosen.</param>
    /// <param name="cancellationToken">Ends the wait for the model and the work at the next token or chunk of the prompt.</param>
    /// <remarks>Whoever stops reading early disposes the enumerator; the work ends with it. No thread of the caller's is kept busy.</remarks>
    IAsyncEnumerable<int> GenerateAsync(ReadOnlyMemory<int> prompt, GenerationOptions options, CancellationToken cancellationToken);
}
