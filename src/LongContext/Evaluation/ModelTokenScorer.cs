using LongContext.Generation;
using LongContext.Models;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>
/// Says how likely given text is to a model. May be used by many callers at once; the model serves one of them at a time, in the order in which they came, its chat
/// clients included.
/// </summary>
/// <remarks>
/// Equal to <see cref="PerplexityEvaluator.TokenLosses"/> to rounding. Texts go through the model in chunks and logits exist for some tokens at a time, so that memory
/// grows with the cache alone.
/// </remarks>
public sealed class ModelTokenScorer : ISharedPrefixScorer
{
    private readonly CausalLanguageModel model;
    private readonly TokenScoring scoring;
    private readonly ModelGate gate;
    private readonly ClientLifetime? lifetime;

    /// <summary>A scorer.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    public ModelTokenScorer(CausalLanguageModel model, Tokenizer tokenizer, ModelTokenScorerOptions? options = null)
        : this(model, tokenizer, options, lifetime: null)
    {
    }

    /// <summary>One that a client gives out: what it computes counts as the client's, so that a model that the client owns is not disposed under it.</summary>
    internal ModelTokenScorer(CausalLanguageModel model, Tokenizer tokenizer, ModelTokenScorerOptions? options, ClientLifetime? lifetime)
    {
        this.lifetime = lifetime;
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new ModelTokenScorerOptions();
        options.Validate();
        this.model = model;
        Tokenizer = tokenizer;
        ContextLength = ModelText.ContextLength(model.Config, options.ContextLength, options.AllowsBeyondContext, nameof(ModelTokenScorerOptions));
        BeginningOfSentenceTokenId = ModelText.Beginning(tokenizer, model.Config) is [var only] ? only : null;
        PrefixTokenId = BeginningOfSentenceTokenId ?? model.Config.BeginningOfSentenceTokenId ?? (model.Config.EndOfSentenceTokenIds is [var end, ..] ? end : null);
        scoring = new TokenScoring(model, options.ChunkTokens);
        gate = ModelGate.Of(model);
    }

    /// <inheritdoc />
    public Tokenizer Tokenizer { get; }

    /// <inheritdoc />
    public int? ContextLength { get; }

    /// <inheritdoc />
    public int? BeginningOfSentenceTokenId { get; }

    /// <inheritdoc />
    public int? PrefixTokenId { get; }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<float>> LogProbabilitiesAsync(ReadOnlyMemory<int> tokens, int start, CancellationToken cancellationToken = default)
    {
        Check(tokens.Span, nameof(tokens));
        if (tokens.Length < 2) throw new ArgumentException($"There are {tokens.Length} tokens, expected at least 2: nothing stands before the first.", nameof(tokens));
        if (start < 1 || start >= tokens.Length) throw new ArgumentOutOfRangeException(nameof(start), start, $"Expected 1 to {tokens.Length - 1}.");
        CheckLength(tokens.Length);
        return await RunAsync(token => scoring.Score(tokens, start, token), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<IReadOnlyList<float>>> LogProbabilitiesAsync(
        ReadOnlyMemory<int> prefix, IReadOnlyList<ReadOnlyMemory<int>> continuations, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(continuations);
        Check(prefix.Span, nameof(prefix));
        if (prefix.IsEmpty) throw new ArgumentException("The text before the continuations has no token, expected at least 1.", nameof(prefix));
        if (continuations.Count == 0) throw new ArgumentException("There is no continuation, expected at least 1.", nameof(continuations));
        for (int i = 0; i < continuations.Count; i++)
        {
            Check(continuations[i].Span, nameof(continuations));
            if (continuations[i].IsEmpty) throw new ArgumentException($"Continuation {i} has no token, expected at least 1.", nameof(continuations));
        }

        CheckLength(checked(prefix.Length + continuations.Max(continuation => continuation.Length)));
        return await RunAsync(token => scoring.Score(prefix, continuations, token), cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="ObjectDisposedException">The client that gave the scorer out was disposed.</exception>
    private async Task<T> RunAsync<T>(Func<CancellationToken, T> score, CancellationToken cancellationToken)
    {
        using ClientLifetime.Use? use = lifetime?.Begin(cancellationToken);
        Task<T> work = GatedAsync(score, use?.Token ?? cancellationToken);
        return await (use is null ? work : use.Guard(work)).ConfigureAwait(false);
    }

    private async Task<T> GatedAsync<T>(Func<CancellationToken, T> score, CancellationToken cancellationToken)
    {
        using IDisposable pass = await gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => score(cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private void Check(ReadOnlySpan<int> tokens, string parameterName)
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            if ((uint)tokens[i] >= (uint)model.Config.VocabularySize)
                throw new ArgumentException($"Token {i} is {tokens[i]}, but the vocabulary has {model.Config.VocabularySize} tokens.", parameterName);
        }
    }

    private void CheckLength(int length)
    {
        if (length > ContextLength)
        {
            throw new PromptTooLongException(
                $"The text has {length} tokens, but the model's window has {ContextLength}: shorten it, or allow it " +
                $"({nameof(ModelTokenScorerOptions)}.{nameof(ModelTokenScorerOptions.AllowsBeyondContext)}).");
        }
    }
}
