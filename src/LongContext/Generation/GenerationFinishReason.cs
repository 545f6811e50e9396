namespace LongContext.Generation;

/// <summary>Why a request of a <see cref="GenerationEngine"/> ended.</summary>
public enum GenerationFinishReason
{
    /// <summary>A stop token was chosen.</summary>
    Stop = 0,

    /// <summary><see cref="GenerationOptions.MaximumNewTokens"/> were made.</summary>
    Length = 1,
}
