using LongContext.Generation.Grammars;
using LongContext.Generation.Sampling;
using LongContext.Models;
using Microsoft.ML.Tokenizers;
using static TorchSharp.torch;

namespace LongContext.Generation;

/// <summary>
/// Continues prompts, one at a time, with a key/value cache that lives for one call. Nothing stops it at the model's window: beyond it a
/// model without scaling that depends on length gives noise, which is for the caller to avoid or to measure.
/// </summary>
/// <param name="model">The model; stays the caller's, and is used by one call at a time.</param>
public sealed class TextGenerator(CausalLanguageModel model)
{
    private readonly CausalLanguageModel model = model ?? throw new ArgumentNullException(nameof(model));

    /// <summary>The tokens that follow a prompt.</summary>
    /// <param name="prompt">The prompt's token ids, special tokens included as the model expects them; at least one.</param>
    /// <param name="options">Null for greedy, 256 tokens.</param>
    /// <param name="cancellationToken">Checked before each chunk of the prompt and each token.</param>
    /// <returns>New tokens, without the prompt and without the stop token.</returns>
    /// <exception cref="ArgumentException">Empty prompt, an id outside the vocabulary, or an option that cannot be used.</exception>
    /// <exception cref="NotSupportedException">It asks for what only <see cref="GenerationEngine"/> does.</exception>
    public int[] Generate(ReadOnlySpan<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        [.. Stream(prompt.ToArray(), options, cancellationToken)];

    /// <summary>The tokens that follow a prompt, as they come.</summary>
    /// <param name="prompt">The prompt's token ids; at least one.</param>
    /// <param name="options">Null for greedy, 256 tokens.</param>
    /// <param name="cancellationToken">Checked before each chunk of the prompt and each token.</param>
    /// <exception cref="ArgumentException">Empty prompt, an id outside the vocabulary, or an option that cannot be used.</exception>
    /// <exception cref="NotSupportedException">It asks for what only <see cref="GenerationEngine"/> does.</exception>
    public IEnumerable<int> Stream(ReadOnlyMemory<int> prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        StreamDetailed(prompt, options, cancellationToken).Select(token => token.Id);

    /// <summary>The same, with the log-probabilities that the options ask for; told of the token that ended it, if one did, where somebody asks.</summary>
    internal IEnumerable<GeneratedToken> StreamDetailed(ReadOnlyMemory<int> prompt, GenerationOptions? options, CancellationToken cancellationToken, GenerationUsage? usage = null)
    {
        options ??= new GenerationOptions();
        options.Validate(model.Config.VocabularySize);
        if (options.PromptLogProbabilities is not null)
            throw new NotSupportedException("GenerationOptions.PromptLogProbabilities counts in a GenerationEngine only: use one, or a ModelTokenScorer.");
        CheckPrompt(prompt.Span);
        return Enumerate(prompt, options, usage, cancellationToken);
    }

    /// <summary>The text that follows a prompt.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="prompt">The prompt; what the tokenizer's file puts before texts goes before it, or, with a tokenizer that has no such file, config.json's beginning-of-sentence token.</param>
    /// <param name="options">Null for greedy, 256 tokens.</param>
    /// <param name="cancellationToken">Checked before each chunk of the prompt and each token.</param>
    /// <exception cref="ArgumentException">Nothing to begin with, or an option that cannot be used.</exception>
    public string GenerateText(Tokenizer tokenizer, string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompt);
        int[] ids = ModelText.Encode(tokenizer, model.Config, prompt);
        int[] made = Generate(ids, options, cancellationToken);

        // Alone, the first piece would lose the space before it; so the whole is decoded and the prompt taken off.
        string before = tokenizer.Decode(ids), whole = tokenizer.Decode([.. ids, .. made]);
        return whole.StartsWith(before, StringComparison.Ordinal) ? whole[before.Length..] : tokenizer.Decode(made);
    }

    private IEnumerable<GeneratedToken> Enumerate(ReadOnlyMemory<int> prompt, GenerationOptions options, GenerationUsage? usage, CancellationToken cancellationToken)
    {
        HashSet<int> stops = [.. options.StopTokenIds ?? model.StopTokenIds];
        ITokenConstraint? constraint = LateConstraint.Of(options, stops);
        var sampler = new SequenceSampler(options, model.Config.VocabularySize, prompt.Span, stops, new TokenDistribution(), constraint);
        using var cache = new KeyValueCache(model.Config.LayerCount, options.RerotateCachedKeys && model.Config.RopeScaling.DependsOnSequenceLength);
        float[] logits = Prefill(prompt.Span, cache, options.PrefillChunkTokens, cancellationToken);
        var sequence = new List<int>(prompt.ToArray());
        int? cacheEnd = model.CacheEndsAt; // read from the config once, not for each token
        for (int made = 0; made < options.MaximumNewTokens; made++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int token = sampler.Next(logits);
            GeneratedToken detailed = options.LogProbabilities is null ? new GeneratedToken(token)
                : new GeneratedToken(token) { LogProbability = sampler.LogProbability, Alternatives = sampler.Alternatives.ToArray() };
            if (stops.Contains(token))
            {
                usage?.StopToken = detailed;
                usage?.FinishReason = GenerationFinishReason.Stop;
                yield break;
            }

            // Known before the token is given: whoever has it may ask for no other.
            bool isComplete = constraint is { MustEnd: true }, isLast = isComplete || made + 1 == options.MaximumNewTokens;
            if (isLast) usage?.FinishReason = isComplete ? GenerationFinishReason.Stop : GenerationFinishReason.Length;
            yield return detailed;
            if (isLast) break;
            sequence.Add(token);
            bool atCacheEnd = cacheEnd is { } window && cache.Length <= window && sequence.Count > window;
            if (atCacheEnd && options.DropsContextAtOriginalWindow)
            {
                cache.Truncate(0);
                logits = Forward([token], cache, sequence.Count);
            }
            else if (atCacheEnd && model.RotatesAnewPastCacheEnd)
            {
                // From here on other frequencies hold; everything is computed anew with them, once.
                cache.Truncate(0);
                logits = Prefill([.. sequence], cache, options.PrefillChunkTokens, cancellationToken);
            }
            else
            {
                logits = Forward([token], cache, sequenceLength: 0);
            }
        }
    }

    private float[] Prefill(ReadOnlySpan<int> prompt, KeyValueCache cache, int chunk, CancellationToken cancellationToken)
    {
        float[] logits = [];
        for (int start = 0; start < prompt.Length; start += chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // Frequencies of the whole prompt for every chunk: chunks must not change the result.
            logits = Forward(prompt.Slice(start, Math.Min(chunk, prompt.Length - start)), cache, prompt.Length);
        }

        return logits;
    }

    /// <summary>Logits after the last of the tokens.</summary>
    private float[] Forward(ReadOnlySpan<int> tokens, KeyValueCache cache, int sequenceLength)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor hidden_TE = model.ForwardCached(tokens, cache, sequenceLength);
        Tensor last_1E = hidden_TE.narrow(0, hidden_TE.size(0) - 1, 1);
        return model.Logits(last_1E).to(ScalarType.Float32).cpu().data<float>().ToArray();
    }

    private void CheckPrompt(ReadOnlySpan<int> prompt)
    {
        if (prompt.IsEmpty) throw new ArgumentException("The prompt is empty: give at least one token, for example the beginning-of-sentence token.", nameof(prompt));
        for (int i = 0; i < prompt.Length; i++)
        {
            if ((uint)prompt[i] >= (uint)model.Config.VocabularySize)
                throw new ArgumentException($"Token {i} of the prompt is {prompt[i]}, but the vocabulary has {model.Config.VocabularySize} tokens.", nameof(prompt));
        }
    }
}
