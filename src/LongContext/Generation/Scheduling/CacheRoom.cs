namespace LongContext.Generation.Scheduling;

/// <summary>What one request needs of a cache, and what the cache has for it.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="NewTokens">Tokens of the answer, at most.</param>
/// <param name="MaximumTokens">Tokens of prompt and answer that would fit.</param>
/// <param name="RequiredBytes">Bytes that it needs, at least.</param>
/// <param name="CapacityBytes">Bytes that the cache may take, as far as is known now.</param>
/// <param name="PlannedBytes">Bytes that it may take where the machine has what was planned.</param>
internal readonly record struct CacheRoom(int PromptTokens, int NewTokens, int MaximumTokens, long RequiredBytes, long CapacityBytes, long PlannedBytes)
{
    private long RequiredTokens => (long)PromptTokens + Math.Max(NewTokens, 1);

    /// <summary>Whether it fits with nobody else there.</summary>
    public bool Fits => RequiredBytes <= CapacityBytes && RequiredTokens < int.MaxValue;

    /// <summary>What a request that does not fit is told.</summary>
    public CacheCapacityException Refusal()
    {
        if (RequiredBytes <= PlannedBytes && RequiredTokens < int.MaxValue)
        {
            return new CacheCapacityException(
                $"A prompt of {PromptTokens} tokens and up to {NewTokens} new ones need {RequiredBytes} bytes of keys and values, but the machine had memory for {CapacityBytes} when it ran out, of {PlannedBytes} that were planned: " +
                "try again later, or ask for less.")
            {
                RequiredBytes = RequiredBytes,
                CapacityBytes = CapacityBytes,
            };
        }

        string advice = MaximumTokens > PromptTokens ? $"with this prompt at most {MaximumTokens - PromptTokens} new tokens fit" : $"prompts of at most {MaximumTokens - 1} tokens fit";
        return new CacheCapacityException(
            $"A prompt of {PromptTokens} tokens and up to {NewTokens} new ones need {RequiredBytes} bytes of keys and values, but the cache may take {CapacityBytes}: {advice}, {MaximumTokens} tokens in all. " +
            "Ask for less, or give the engine more memory (GenerationEngineOptions.CacheBytes).")
        {
            RequiredTokens = (int)Math.Min(int.MaxValue, RequiredTokens),
            MaximumTokens = MaximumTokens,
            RequiredBytes = RequiredBytes,
            CapacityBytes = CapacityBytes,
        };
    }
}
