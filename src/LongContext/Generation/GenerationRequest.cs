using LongContext.Positions;
using LongContext.Tokenization;

namespace LongContext.Generation;

/// <summary>What a <see cref="GenerationEngine"/> is asked to continue.</summary>
public sealed record GenerationRequest
{
    /// <summary>The prompt's token ids, special tokens included as the model expects them; at least one. Not to be changed while the request runs. Required.</summary>
    public required ReadOnlyMemory<int> Prompt { get; init; }

    /// <summary>How tokens are chosen and when to stop. Default: greedy, 256 tokens. <see cref="GenerationOptions.PrefillChunkTokens"/> does not count here: the engine cuts prompts itself.</summary>
    public GenerationOptions Options { get; init; } = new();

    /// <summary>Self-Extend or dual chunk attention for this request; null (the default) for what the model has (<see cref="Models.CausalLanguageModel.PositionRemapping"/>).</summary>
    public PositionRemapping? PositionRemapping { get; init; }

    /// <summary>How a prompt that is too long is cut before anything else; null (the default) for not at all.</summary>
    public TokenTruncation? Truncation { get; init; }

    /// <summary>Which keys and values are dropped, so that a long text takes less memory and time at the price of what it knows; null (the default) for none.</summary>
    public TokenDropping? Dropping { get; init; }

    /// <summary>
    /// Requests of a higher priority are begun first, and keep their memory where it runs short; but not without end (<see cref="GenerationEngineOptions.OvertakingLimit"/>). Default 0; may be negative.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>
    /// Only requests with the same salt share keys and values, so that one tenant cannot learn from the speed of an answer what another has asked. Null (the default): those without one.
    /// </summary>
    public string? CacheSalt { get; init; }

    /// <summary>Whether the request may be longer than the model's window, whatever the engine's options say: a chat client has checked it by its own.</summary>
    internal bool AllowsBeyondContext { get; init; }
}
