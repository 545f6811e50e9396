namespace LongContext.Generation;

/// <summary>What a <see cref="GenerationEngine"/> does and has done, at one moment.</summary>
public sealed record GenerationEngineStatistics
{
    /// <summary>Requests that are computed now.</summary>
    public int RunningRequests { get; init; }

    /// <summary>Requests that wait now, those included whose memory was given to others.</summary>
    public int WaitingRequests { get; init; }

    /// <summary>Requests that came to their end.</summary>
    public long CompletedRequests { get; init; }

    /// <summary>Requests that their callers gave up.</summary>
    public long CancelledRequests { get; init; }

    /// <summary>Requests that ended with a fault.</summary>
    public long FailedRequests { get; init; }

    /// <summary>Steps of the model.</summary>
    public long Steps { get; init; }

    /// <summary>Tokens of prompts, of requests that were begun.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Those of them that needed no computing, because another request's keys and values were there.</summary>
    public long ReusedTokens { get; init; }

    /// <summary>Tokens that went through the model: of prompts, answers, guesses, and those computed anew.</summary>
    public long ComputedTokens { get; init; }

    /// <summary>Tokens made.</summary>
    public long GeneratedTokens { get; init; }

    /// <summary>Tokens guessed.</summary>
    public long GuessedTokens { get; init; }

    /// <summary>Guesses that were right.</summary>
    public long AcceptedTokens { get; init; }

    /// <summary>Guesses of the draft model among the tokens guessed.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Those of them that were right.</summary>
    public long AcceptedDraftTokens { get; init; }

    /// <summary>Steps of the draft model.</summary>
    public long DraftSteps { get; init; }

    /// <summary>Times that a request's memory was given to another.</summary>
    public long Preemptions { get; init; }

    /// <summary>Bytes that the cache may take.</summary>
    public long CacheBytes { get; init; }

    /// <summary>Bytes of it that running requests use.</summary>
    public long UsedCacheBytes { get; init; }

    /// <summary>Bytes of it that are kept for requests to come.</summary>
    public long KeptCacheBytes { get; init; }

    /// <summary>Bytes of the cache that memory is held for now.</summary>
    public long CommittedCacheBytes { get; init; }

    /// <summary>Bytes of kept keys and values in host memory.</summary>
    public long OffloadedBytes { get; init; }
}
