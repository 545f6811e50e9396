using LongContext.Generation.Scheduling;

namespace LongContext.Generation;

/// <summary>The tokens of a request as they come, and at the end what came of it. The request begins when it is first asked for a token; it can be read once.</summary>
public sealed class StreamingGeneration : IAsyncEnumerable<GeneratedToken>
{
    private readonly EngineLoop engine;
    private readonly CancellationToken cancellationToken;
    private EngineSequence? sequence;

    internal StreamingGeneration(EngineLoop engine, EngineSequence sequence, CancellationToken cancellationToken)
    {
        (this.engine, this.cancellationToken) = (engine, cancellationToken);
        (this.sequence, Stream) = (sequence, sequence.Stream);
    }

    /// <summary>What came of the request; null until it is at its end.</summary>
    public GenerationResult? Result => Stream.Result;

    /// <summary>
    /// The prompt's tokens with their log-probabilities, where <see cref="GenerationOptions.PromptLogProbabilities"/> asks for them: there from the first token on, and at the end where there is none. Null before that, and where
    /// nobody asked.
    /// </summary>
    public IReadOnlyList<PromptToken>? PromptDetails => Stream.PromptDetails;

    /// <summary>Tokens of the prompt whose keys and values were there already, as far as is known yet; known from the first token on.</summary>
    internal int ReusedTokens => Stream.ReusedTokens;

    /// <summary>Tokens whose keys and values are dropped by now.</summary>
    internal int DroppedTokens => Stream.Result?.DroppedTokens ?? Stream.DroppedTokens;

    internal TokenStream Stream { get; }

    /// <inheritdoc />
    /// <remarks>
    /// Reading throws what ended the request early: <see cref="OperationCanceledException"/>, <see cref="ObjectDisposedException"/> where the engine was disposed,
    /// <see cref="GenerationQueueFullException"/>, or a fault of the model. Disposing the enumerator ends the request.
    /// </remarks>
    /// <exception cref="InvalidOperationException">It was read before.</exception>
    public IAsyncEnumerator<GeneratedToken> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        EngineSequence begun = Interlocked.Exchange(ref sequence, null) ?? throw new InvalidOperationException("The stream was read before; ask the engine for another.");
        Stream.Open(engine, begun, this.cancellationToken, cancellationToken);
        return Stream;
    }
}
