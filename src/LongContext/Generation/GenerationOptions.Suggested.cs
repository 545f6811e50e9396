using System.Collections.ObjectModel;
using LongContext.Checkpoints;

namespace LongContext.Generation;

public sealed partial record GenerationOptions
{
    /// <summary>How a model's makers suggest that tokens are chosen: what generation_config.json of its folder says, the defaults where it says nothing or is not there.</summary>
    /// <param name="folder">The model's Hugging Face folder. <c>with { … }</c> changes single values.</param>
    /// <exception cref="CheckpointFormatException">The file is not what it must be; the message names file and field.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static GenerationOptions FromFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{folder} is not a folder.");
        return GenerationConfig.LoadIfPresent(folder) is { } config ? FromConfig(config) : new GenerationOptions();
    }

    /// <summary>What a generation_config.json says as options.</summary>
    /// <param name="config">What the file says.</param>
    /// <remarks>
    /// As transformers reads it: without <c>do_sample</c> the likeliest token is taken; with it the temperature is 1 where none is stated. What transformers takes of itself besides (top-k 50) is
    /// not the model's and is left out, as vLLM does. Penalties, banned tokens and lengths count either way; <c>max_length</c>, which counts the prompt too, is the chat client's to apply. Stop tokens
    /// stay null: the model has them (<see cref="Models.CausalLanguageModel.StopTokenIds"/>).
    /// </remarks>
    public static GenerationOptions FromConfig(GenerationConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        GenerationOptions usual = new();
        bool draws = config.DoSample && config.Temperature != 0;
        return usual with
        {
            MaximumNewTokens = config.MaximumNewTokens ?? Math.Max(usual.MaximumNewTokens, config.MinimumNewTokens ?? 0),
            MinimumNewTokens = config.MinimumNewTokens ?? 0,
            Temperature = draws ? config.Temperature ?? 1 : 0,
            // No share at all leaves the likeliest token.
            TopK = !draws ? null : config.TopP == 0 ? 1 : config.TopK > 0 ? config.TopK : null,
            TopP = draws && config.TopP is > 0 and < 1 ? config.TopP : null,
            MinP = draws && config.MinP > 0 ? config.MinP : null,
            TypicalP = draws && config.TypicalP < 1 ? config.TypicalP : null,
            RepetitionPenalty = config.RepetitionPenalty ?? 1,
            NoRepeatNGramSize = config.NoRepeatNGramSize > 0 ? config.NoRepeatNGramSize : null,
            BadWordIds = config.BadWordIds,
            LogitBias = config.SuppressedTokenIds.Count == 0 ? usual.LogitBias
                : new ReadOnlyDictionary<int, double>(config.SuppressedTokenIds.Distinct().ToDictionary(id => id, _ => double.NegativeInfinity)),
        };
    }
}
