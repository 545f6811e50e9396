namespace LongContext.Generation;

/// <summary>How tokens are chosen and when to stop. Validated when generation begins, all faults in one exception.</summary>
public sealed class GenerationOptions
{
    /// <summary>Tokens to make at most. Default 256.</summary>
    public int MaximumNewTokens { get; init; } = 256;

    /// <summary>Tokens to make at least: until then no stop token is chosen. At most <see cref="MaximumNewTokens"/>. Default 0.</summary>
    public int MinimumNewTokens { get; init; }

    /// <summary>0 (the default) takes the likeliest token each time; above 0, logits are divided by it and a token is drawn.</summary>
    public double Temperature { get; init; }

    /// <summary>Draw among the k likeliest tokens only; null (the default) for all.</summary>
    public int? TopK { get; init; }

    /// <summary>Draw among the smallest set of likeliest tokens whose probabilities reach this (Holtzman et al. 2020); in (0, 1]. Null (the default) for all.</summary>
    public double? TopP { get; init; }

    /// <summary>Draw among tokens at least this times as likely as the likeliest (Nguyen et al. 2024); in [0, 1]. Null (the default) for all.</summary>
    public double? MinP { get; init; }

    /// <summary>Logits of tokens seen in prompt or output are divided by it when positive, multiplied when negative (Keskar et al. 2019, eq. 3). Default 1: none.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// Taken off a token's logit for each time that it is in the output already, as OpenAI defines it; -2 to 2. Default 0. The prompt does not count.
    /// </summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Taken off the logit of each token that is in the output already, as OpenAI defines it; -2 to 2. Default 0.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Seed of the draws; the same seed and prompt give the same tokens on the same device. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Tokens that end generation (and are not given out). Null (the default): config.json's eos_token_id; empty: none.</summary>
    public IReadOnlyCollection<int>? StopTokenIds { get; init; }

    /// <summary>The prompt goes through the model in chunks of this many tokens, which bounds memory. Default 2,048.</summary>
    public int PrefillChunkTokens { get; init; } = 2048;

    /// <summary>
    /// With a scaling that depends on length (dynamic NTK): rotate all cached keys anew by each length's frequencies. Default
    /// false: cached keys keep the rotation that they were made with, as in transformers.
    /// </summary>
    public bool RerotateCachedKeys { get; init; }

    /// <summary>
    /// What happens when a sequence of a Phi-3 grows past the original window, from where on LongRoPE's long factors hold. Default false:
    /// everything before is computed anew with them, once, as the family's own code intends. True: as <c>generate</c> of transformers
    /// 5.17 does it, which drops the cache but goes on with the newest token alone, so that all context is lost; for comparing with it,
    /// not for use.
    /// </summary>
    public bool DropsContextAtOriginalWindow { get; init; }

    /// <summary>
    /// Whether and how next tokens are guessed and then checked, several in one step; tokens stay the same. Null (the default): not. Counts in a <see cref="GenerationEngine"/> only.
    /// </summary>
    public SpeculationOptions? Speculation { get; init; }

    /// <summary>Tokens that are, like the stop tokens, not chosen before <see cref="MinimumNewTokens"/>: those that spell a stop string. Default: none.</summary>
    internal IReadOnlyCollection<int> AlsoMaskedUntilMinimum { get; init; } = [];

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        if (MaximumNewTokens < 1) faults.Add($"MaximumNewTokens must be at least 1, but is {MaximumNewTokens}");
        if (MinimumNewTokens < 0 || MinimumNewTokens > Math.Max(MaximumNewTokens, 1))
            faults.Add($"MinimumNewTokens must be 0 to MaximumNewTokens ({MaximumNewTokens}), but is {MinimumNewTokens}");
        if (!(Temperature >= 0) || !double.IsFinite(Temperature)) faults.Add($"Temperature must be 0 or more, but is {Temperature}");
        if (TopK is < 1) faults.Add($"TopK must be at least 1, but is {TopK}");
        if (TopP is { } topP && !(topP is > 0 and <= 1)) faults.Add($"TopP must be in (0, 1], but is {topP}");
        if (MinP is { } minP && !(minP is >= 0 and <= 1)) faults.Add($"MinP must be in [0, 1], but is {minP}");
        if (!(RepetitionPenalty > 0) || !double.IsFinite(RepetitionPenalty)) faults.Add($"RepetitionPenalty must be positive, but is {RepetitionPenalty}");
        if (!(FrequencyPenalty is >= -2 and <= 2)) faults.Add($"FrequencyPenalty must be in [-2, 2], but is {FrequencyPenalty}");
        if (!(PresencePenalty is >= -2 and <= 2)) faults.Add($"PresencePenalty must be in [-2, 2], but is {PresencePenalty}");
        if (PrefillChunkTokens < 1) faults.Add($"PrefillChunkTokens must be at least 1, but is {PrefillChunkTokens}");
        if (Speculation is not null) faults.AddRange(Speculation.Faults());
        if (faults.Count > 0) throw new ArgumentException("GenerationOptions: " + string.Join("; ", faults) + ".");
    }
}
