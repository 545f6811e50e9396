namespace LongContext.Generation;

/// <summary>Why a request of a <see cref="GenerationEngine"/> ended.</summary>
public enum GenerationFinishReason
{
    /// <summary>A stop token was chosen, or the grammar was at its end.</summary>
    Stop = 0,

    /// <summary><see cref="GenerationOptions.MaximumNewTokens"/> were made.</summary>
    Length = 1,
}
