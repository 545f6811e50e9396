namespace LongContext.Generation;

/// <summary>What is wrong with generation options.</summary>
internal static class GenerationOptionsFaults
{
    /// <summary>All faults; none if the options can be used.</summary>
    /// <param name="options">The options.</param>
    /// <param name="vocabularySize">Tokens of the model; null where it is not known.</param>
    public static List<string> Of(GenerationOptions options, int? vocabularySize)
    {
        var faults = new List<string>();
        Length(options, faults);
        Drawing(options, faults);
        Penalties(options, faults);
        Tokens(options, vocabularySize ?? int.MaxValue, faults);
        return faults;
    }

    private static void Length(GenerationOptions options, List<string> faults)
    {
        int fewest = options.PromptLogProbabilities is null ? 1 : 0;
        if (options.MaximumNewTokens < fewest) faults.Add($"MaximumNewTokens must be at least {fewest}, but is {options.MaximumNewTokens}");
        if (options.MinimumNewTokens < 0 || options.MinimumNewTokens > Math.Max(options.MaximumNewTokens, fewest))
            faults.Add($"MinimumNewTokens must be 0 to MaximumNewTokens ({options.MaximumNewTokens}), but is {options.MinimumNewTokens}");
        if (options.PrefillChunkTokens < 1) faults.Add($"PrefillChunkTokens must be at least 1, but is {options.PrefillChunkTokens}");
        if (options.Speculation is not null) faults.AddRange(options.Speculation.Faults());
        if (options.LogProbabilities is < 0) faults.Add($"LogProbabilities must be 0 or more, but is {options.LogProbabilities}");
        if (options.PromptLogProbabilities is < 0) faults.Add($"PromptLogProbabilities must be 0 or more, but is {options.PromptLogProbabilities}");
    }

    private static void Drawing(GenerationOptions options, List<string> faults)
    {
        if (!(options.Temperature >= 0) || !double.IsFinite(options.Temperature)) faults.Add($"Temperature must be 0 or more, but is {options.Temperature}");
        if (options.TopK is < 1) faults.Add($"TopK must be at least 1, but is {options.TopK}");
        if (options.TopP is { } topP && !(topP is > 0 and <= 1)) faults.Add($"TopP must be in (0, 1], but is {topP}");
        if (options.MinP is { } minP && !(minP is >= 0 and <= 1)) faults.Add($"MinP must be in [0, 1], but is {minP}");
        if (options.TypicalP is { } typical && !(typical is > 0 and <= 1)) faults.Add($"TypicalP must be in (0, 1], but is {typical}");
        if (options.TopNSigma is { } sigma && !(sigma >= 0 && double.IsFinite(sigma))) faults.Add($"TopNSigma must be 0 or more, but is {sigma}");
    }

    private static void Penalties(GenerationOptions options, List<string> faults)
    {
        if (!(options.RepetitionPenalty > 0) || !double.IsFinite(options.RepetitionPenalty))
            faults.Add($"RepetitionPenalty must be positive, but is {options.RepetitionPenalty}");
        if (!(options.FrequencyPenalty is >= -2 and <= 2)) faults.Add($"FrequencyPenalty must be in [-2, 2], but is {options.FrequencyPenalty}");
        if (!(options.PresencePenalty is >= -2 and <= 2)) faults.Add($"PresencePenalty must be in [-2, 2], but is {options.PresencePenalty}");
        if (options.NoRepeatNGramSize is < 1) faults.Add($"NoRepeatNGramSize must be at least 1, but is {options.NoRepeatNGramSize}");
    }

    private static void Tokens(GenerationOptions options, int vocabularySize, List<string> faults)
    {
        string range = vocabularySize == int.MaxValue ? "a token id, 0 or more" : $"a token id, 0 to {vocabularySize - 1}";
        foreach ((int token, double bias) in options.LogitBias ?? throw new ArgumentException("GenerationOptions: LogitBias is null."))
        {
            if ((uint)token >= (uint)vocabularySize) faults.Add($"LogitBias has {token}, expected {range}");
            if (!(Math.Abs(bias) <= float.MaxValue || double.IsNegativeInfinity(bias))) faults.Add($"LogitBias of token {token} must be a finite number of float32 or −∞, but is {bias}");
        }

        // What only fills a vocabulary up spells nothing, and names that the model has no rows for do no harm: another tokenizer's size is far off.
        if (options.Grammar is { Texts.VocabularySize: var spelled } && vocabularySize != int.MaxValue && (spelled / 2 > vocabularySize || spelled < vocabularySize / 8))
            faults.Add($"Grammar was made with a tokenizer whose texts have {spelled} tokens, but the model's vocabulary has {vocabularySize}: make it with the model's own tokenizer");

        IReadOnlyList<IReadOnlyList<int>> words = options.BadWordIds ?? throw new ArgumentException("GenerationOptions: BadWordIds is null.");
        for (int i = 0; i < words.Count; i++)
        {
            if (words[i] is not { Count: > 0 }) faults.Add($"BadWordIds[{i}] has no token");
            else if (words[i].Any(token => (uint)token >= (uint)vocabularySize)) faults.Add($"BadWordIds[{i}] has {words[i].First(token => (uint)token >= (uint)vocabularySize)}, expected {range}");
        }
    }
}
