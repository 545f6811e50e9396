using System.Collections.ObjectModel;
using LongContext.Generation.Grammars;

namespace LongContext.Generation;

/// <summary>How tokens are chosen and when to stop. Validated when generation begins, all faults in one exception.</summary>
/// <remarks>As of any record, two are equal where all values are; lists and dictionaries count by reference.</remarks>
public sealed partial record GenerationOptions
{
    /// <summary>
    /// Tokens to make at most. Default 256. With <see cref="PromptLogProbabilities"/> it may be 0: then nothing is made, and the prompt is what was asked about.
    /// </summary>
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

    /// <summary>
    /// Draw among the tokens whose information is nearest to the distribution's entropy, until their probabilities reach this (Meister et al. 2023, "Locally typical sampling"); in (0, 1].
    /// Null (the default) for all.
    /// </summary>
    public double? TypicalP { get; init; }

    /// <summary>
    /// Draw among tokens whose logit is at most this many standard deviations of all logits below the highest (Tang et al. 2025, "Top-nσ"); 0 or more. It comes before the other filters, and
    /// what it keeps does not depend on the temperature. Null (the default) for all.
    /// </summary>
    public double? TopNSigma { get; init; }

    /// <summary>Logits of tokens seen in prompt or output are divided by it when positive, multiplied when negative (Keskar et al. 2019, eq. 3). Default 1: none.</summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>
    /// Taken off a token's logit for each time that it is in the output already, as OpenAI defines it; -2 to 2. Default 0. The prompt does not count.
    /// </summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Taken off the logit of each token that is in the output already, as OpenAI defines it; -2 to 2. Default 0.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Added to the logits of these tokens before all else, by token id; any finite number, of which −100 and 100 forbid and force in practice, or −∞, which forbids. Default: none.</summary>
    public IReadOnlyDictionary<int, double> LogitBias { get; init; } = ReadOnlyDictionary<int, double>.Empty;

    /// <summary>Token sequences that the answer must not hold: the last token of each is not chosen after the others, which may be the prompt's. Default: none.</summary>
    public IReadOnlyList<IReadOnlyList<int>> BadWordIds { get; init; } = [];

    /// <summary>No sequence of this many tokens comes twice in prompt and output together; at least 1. Null (the default): they may.</summary>
    public int? NoRepeatNGramSize { get; init; }

    /// <summary>
    /// Whether log-probabilities are computed, and for how many of the likeliest tokens besides the chosen one; 0 or more. They are the model's own, before bias, penalties, temperature and filters. Null
    /// (the default): none.
    /// </summary>
    /// <remarks>An engine keeps those of an answer until it is at its end, and bounds how many there may be: see <see cref="GenerationEngineOptions.MaximumLogProbabilities"/>.</remarks>
    public int? LogProbabilities { get; init; }

    /// <summary>
    /// Whether log-probabilities of the prompt's own tokens are computed, and for how many of the likeliest tokens at each place; 0 or more. They are the model's own, each given the tokens before it as
    /// the request computes them: what was cut out of the prompt is not there, and with a remapping or <see cref="AttentionSinks"/> positions and sight are the request's. Null (the default): none.
    /// Counts in a <see cref="GenerationEngine"/> only, which gives them as <see cref="GenerationResult.PromptDetails"/>.
    /// </summary>
    /// <remarks>
    /// The whole prompt is computed for it, whatever is kept of earlier requests, in chunks of as many tokens as the memory plan has rows of scores for. An engine bounds how many likeliest tokens there are at all places together
    /// (<see cref="GenerationEngineOptions.MaximumLogProbabilities"/>).
    /// </remarks>
    public int? PromptLogProbabilities { get; init; }

    /// <summary>
    /// What the text must be: generation is held to it, and ends when it is complete. Of the model's own tokenizer; one of another size is refused. Null (the default): anything.
    /// </summary>
    /// <remarks>The text is what decoding the new tokens by themselves gives, which drops a first blank with tokenizers in SentencePiece's form. A chat client that goes on with text holds to it what is decoded behind that text.</remarks>
    public GenerationGrammar? Grammar { get; init; }

    /// <summary>What stands in place of <see cref="Grammar"/> where the answer may have calls of tools in it; null for none.</summary>
    internal CompiledGrammar? AnswerGrammar { get; init; }

    /// <summary>The token behind which <see cref="Grammar"/> holds, and before which there is no end; null for holding from the first one on.</summary>
    internal int? GrammarBegins { get; init; }

    /// <summary>Whether the answer is decoded behind text of the prompt, so that a blank which begins it belongs to it. Default false: by itself, where some tokenizers drop that blank.</summary>
    internal bool ContinuesText { get; init; }

    /// <summary>Seed of the draws; the same seed and prompt give the same tokens on the same device. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Tokens that end generation (and are not given out). Null (the default): the model's (<see cref="Models.CausalLanguageModel.StopTokenIds"/>); empty: none.</summary>
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

    /// <summary>Checks the values.</summary>
    /// <param name="vocabularySize">Tokens of the model, for checking ids; null where no model is known yet.</param>
    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate(int? vocabularySize = null)
    {
        List<string> faults = GenerationOptionsFaults.Of(this, vocabularySize);
        if (faults.Count > 0) throw new ArgumentException("GenerationOptions: " + string.Join("; ", faults) + ".");
    }
}
