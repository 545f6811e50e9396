using LongContext.Tokenization;

namespace LongContext.Generation;

/// <summary>What came of a request.</summary>
public sealed record GenerationResult
{
    /// <summary>New tokens, without the prompt and without the stop token.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>The same tokens with their log-probabilities; null unless <see cref="GenerationOptions.LogProbabilities"/> asks for them.</summary>
    public IReadOnlyList<GeneratedToken>? Details { get; init; }

    /// <summary>The prompt's tokens, after it was cut, with their log-probabilities; null unless <see cref="GenerationOptions.PromptLogProbabilities"/> asks for them.</summary>
    public IReadOnlyList<PromptToken>? PromptDetails { get; init; }

    /// <summary>The stop token that ended it, with its log-probability where <see cref="GenerationOptions.LogProbabilities"/> asks for it; null where none did.</summary>
    public GeneratedToken? StopToken { get; init; }

    /// <summary>Why it ended.</summary>
    public required GenerationFinishReason FinishReason { get; init; }

    /// <summary>Tokens of the prompt, after it was cut.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>What was taken out of the prompt (<see cref="GenerationRequest.Truncation"/>), counted in the prompt as it was given; null where it is whole.</summary>
    public TokenCut? PromptCut { get; init; }

    /// <summary>The largest number of tokens whose keys and values were dropped by <see cref="GenerationRequest.Dropping"/>; 0 for none.</summary>
    public int DroppedTokens { get; init; }

    /// <summary>Tokens of the prompt whose keys and values were there already, from another request.</summary>
    public required int ReusedTokens { get; init; }

    /// <summary>Tokens that were guessed (<see cref="GenerationOptions.Speculation"/>).</summary>
    public int GuessedTokens { get; init; }

    /// <summary>Those of them that were right, each of which saved a step.</summary>
    public int AcceptedTokens { get; init; }

    /// <summary>Guesses of the draft model among the guessed tokens.</summary>
    public int DraftedTokens { get; init; }

    /// <summary>Those of them that were right.</summary>
    public int AcceptedDraftTokens { get; init; }

    /// <summary>Times that its memory was given to another request, and its keys and values computed anew.</summary>
    public int Preemptions { get; init; }

    /// <summary>From the request to the beginning of its computation.</summary>
    public required TimeSpan QueueTime { get; init; }

    /// <summary>From the request to its first token; to its end where there is none.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From the request to its end.</summary>
    public required TimeSpan Duration { get; init; }
}
