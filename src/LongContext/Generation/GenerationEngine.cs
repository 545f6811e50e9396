using LongContext.Generation.Running;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Tokenization;

namespace LongContext.Generation;

/// <summary>
/// Continues many prompts at once: requests of any lengths share the model's steps (continuous batching), long prompts go through in chunks beside the others' next tokens, and keys and values lie in
/// pages of a bounded memory, shared by requests that begin alike. May be used by any number of threads; the model is computed on one of the engine's own.
/// </summary>
/// <remarks>
/// <para>What a request gives does not depend on the others, nor on chunks, reuse, preemption or speculation; on the CPU not by one bit.</para>
/// <para>Memory: a request that could not fit into the cache even by itself is refused at once (<see cref="CacheCapacityException"/>). Others wait, by priority and then in the order in which they came. Where
/// running requests outgrow the memory, the last of them gives up its pages and is computed anew later.</para>
/// <para>Reuse: full pages of known tokens are found again by the tokens themselves, from the first on, for requests with the same salt and remapping. Where frequencies depend on length (dynamic NTK,
/// LongRoPE), only between texts whose frequencies are the same ones.</para>
/// <para>The model must stay as it is: where its positions or adapter are changed, requests are refused, and those on their way end with an <see cref="InvalidOperationException"/>. Weights that are trained further behind its back are not seen; call <see cref="ClearCacheAsync"/> then.
/// A scorer or <see cref="TextGenerator"/>-based client of the same model takes turns with the engine's steps.</para>
/// <para>Paged attention and continuous batching: Kwon et al. 2023 (vLLM, §4), Yu et al. 2022 (Orca, §3.1); chunked prompts: Agrawal et al. 2024 (Sarathi-Serve, §4); prefix trees: Zheng et al. 2024
/// (SGLang, §3).</para>
/// </remarks>
public sealed class GenerationEngine : IDisposable, IAsyncDisposable
{
    private readonly EngineModel model;
    private readonly IModelRunner runner;
    private readonly PagedCache cache;
    private readonly EngineLoop loop;
    private readonly GenerationEngineOptions options;
    private readonly DraftGuesser? drafts;
    private readonly CacheReservation reservation;
    private readonly Lock ending = new();
    private volatile bool disposed;
    private bool isEnded;

    /// <summary>An engine for a model. The kernels for CPUs or for NVIDIA GPUs are used where they run it, else libtorch's operators; the logger is told which and why.</summary>
    /// <param name="model">The model; stays the caller's, and must outlive the engine.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message lists all faults.</exception>
    /// <exception cref="ObjectDisposedException">The model, or the draft model, was disposed.</exception>
    public GenerationEngine(CausalLanguageModel model, GenerationEngineOptions? options = null)
        : this(model ?? throw new ArgumentNullException(nameof(model)), options ??= new GenerationEngineOptions(), EngineMemory.Runners(model, options))
    {
    }

    private GenerationEngine(CausalLanguageModel model, GenerationEngineOptions options, (IModelRunner Runner, IModelRunner? Draft) runners)
        : this(new EngineModel(model), runners.Runner, options, cacheBytes: null, whole: model, draft: runners.Draft is { } draft ? (new EngineModel(options.DraftModel!), draft) : null, ledger: CacheLedger.Process)
    {
    }

    internal GenerationEngine(
        EngineModel model, IModelRunner runner, GenerationEngineOptions? options, long? cacheBytes, int hashBits = 64, CausalLanguageModel? whole = null, (EngineModel Model, IModelRunner Runner)? draft = null,
        CacheLedger? ledger = null)
    {
        options ??= new GenerationEngineOptions();
        options.Validate();
        options = options with { Logger = GuardedLogger.Of(options.Logger) };
        (this.model, this.runner, this.options, Model) = (model, runner, options, whole);
        MemoryPlan = (ledger ?? new CacheLedger()).Enter(
            model.MemoryName, draft?.Model.MemoryName ?? model.MemoryName, promised => EngineMemory.Plan(whole, model, runner, options, cacheBytes, draft?.Runner, promised), out reservation);
        cache = new PagedCache(runner.Pages, new PagedCacheOptions
        {
            BudgetBytes = MemoryPlan.CacheBytes,
            Keeps = options.ReusesPrefixes,
            KeptShare = options.KeptShare,
            OffloadBytes = runner.Pages.InHostMemory ? 0 : options.OffloadBytes,
            HashBits = hashBits,
            Logger = options.Logger,
        });
        if (draft is { } own)
        {
            var draftCache = new PagedCache(own.Runner.Pages, new PagedCacheOptions { BudgetBytes = MemoryPlan.DraftCacheBytes, Keeps = options.ReusesPrefixes, KeptShare = options.KeptShare, HashBits = hashBits, Logger = options.Logger });
            drafts = new DraftGuesser(own.Model, own.Runner, draftCache, model.VocabularySize, options.StepTokens, options.MaximumSequences, StepMemory.ScoreRowsOf(options), options.Logger);
        }

        reservation.Follow(cache, drafts?.Cache);

        loop = new EngineLoop(model, runner, cache, options, drafts);
    }

    /// <summary>The model; null only in tests.</summary>
    internal CausalLanguageModel? Model { get; }

    /// <summary>Requests computed at once, at most.</summary>
    internal int MaximumSequences => options.MaximumSequences;

    /// <summary>How keys and values are held.</summary>
    internal KeyValueCacheFormat CacheFormat => options.CacheFormat;

    /// <summary>Whether activations are rounded.</summary>
    internal bool RoundsActivations => options.RoundsActivations;

    /// <summary>Tokens of prompt and answer that one request may have, as the cache's memory allows: fewer for a while after the machine turned out to have less than was planned.</summary>
    public int MaximumSequenceTokens => GenerationMemoryPlan.LongestSequence(cache.Needs, loop.CapacityBytes);

    /// <summary>What memory is used for, as it was planned when the engine was made, and what fits into it.</summary>
    public GenerationMemoryPlan MemoryPlan { get; }

    /// <summary>What the engine does and has done.</summary>
    public GenerationEngineStatistics Statistics
    {
        get
        {
            EngineCounters counters = loop.Counters;
            return new GenerationEngineStatistics
            {
                RunningRequests = loop.RunningCount,
                WaitingRequests = loop.WaitingCount,
                CompletedRequests = Volatile.Read(ref counters.Completed),
                CancelledRequests = Volatile.Read(ref counters.Cancelled),
                FailedRequests = Volatile.Read(ref counters.Failed),
                Steps = Volatile.Read(ref counters.Steps),
                PromptTokens = Volatile.Read(ref counters.PromptTokens),
                ReusedTokens = Volatile.Read(ref counters.ReusedTokens),
                ComputedTokens = Volatile.Read(ref counters.ComputedTokens),
                GeneratedTokens = Volatile.Read(ref counters.GeneratedTokens),
                GuessedTokens = Volatile.Read(ref counters.GuessedTokens),
                AcceptedTokens = Volatile.Read(ref counters.AcceptedTokens),
                DraftedTokens = Volatile.Read(ref counters.DraftedTokens),
                AcceptedDraftTokens = Volatile.Read(ref counters.AcceptedDraftTokens),
                DraftSteps = drafts?.Steps ?? 0,
                Preemptions = loop.Preemptions,
                CacheBytes = cache.BudgetBytes + (drafts?.Cache.BudgetBytes ?? 0),
                UsedCacheBytes = cache.UsedBytes + (drafts?.Cache.UsedBytes ?? 0),
                KeptCacheBytes = cache.KeptBytes + (drafts?.Cache.KeptBytes ?? 0),
                CommittedCacheBytes = cache.CommittedBytes + (drafts?.Cache.CommittedBytes ?? 0),
                OffloadedBytes = cache.HostBytes,
            };
        }
    }

    /// <summary>The fault that the engine stopped with; null while it works. Once there is one, every request fails: make another engine.</summary>
    /// <remarks>What goes wrong with one request or one step is told to its callers alone and stops nothing.</remarks>
    public Exception? Failure => loop.Failure;

    internal EngineLoop Loop => loop;

    /// <summary>The tokens that follow a prompt, as they come.</summary>
    /// <param name="request">The prompt and how it is continued.</param>
    /// <param name="cancellationToken">Ends the request: the reader at once, its work at the next step.</param>
    /// <returns>A stream to be read once; the request begins with reading.</returns>
    /// <exception cref="ArgumentException">Empty prompt, an id outside the vocabulary, or an option that cannot be used.</exception>
    /// <exception cref="Evaluation.PromptTooLongException">The prompt does not fit into the model's window (<see cref="GenerationEngineOptions.AllowsBeyondContext"/>); the message has the figures.</exception>
    /// <exception cref="CacheCapacityException">The request could never fit into the cache, or not into what the machine turned out to have.</exception>
    /// <exception cref="NotSupportedException">It asks for what only <see cref="TextGenerator"/> does.</exception>
    /// <exception cref="InvalidOperationException">The model was changed after the engine was made.</exception>
    /// <exception cref="ObjectDisposedException">The engine or the model was disposed.</exception>
    public StreamingGeneration StreamAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(disposed, this);
        GenerationRequest whole = Cut(request, out TokenCut cut);
        PositionRemapping? remapping = Check(ref whole);
        return new StreamingGeneration(loop, new EngineSequence(model, whole, remapping, runner.Pages, loop.Distribution, options.TimeProvider) { PromptCut = cut.Count > 0 ? cut : null }, cancellationToken);
    }

    /// <summary>The tokens that follow a prompt.</summary>
    /// <param name="request">The prompt and how it is continued.</param>
    /// <param name="cancellationToken">Ends the request: the caller's wait at once, its work at the next step.</param>
    /// <exception cref="ArgumentException">Empty prompt, an id outside the vocabulary, or an option that cannot be used.</exception>
    /// <exception cref="Evaluation.PromptTooLongException">The prompt does not fit into the model's window (<see cref="GenerationEngineOptions.AllowsBeyondContext"/>); the message has the figures.</exception>
    /// <exception cref="CacheCapacityException">The request could never fit into the cache, or not into what the machine turned out to have.</exception>
    /// <exception cref="GenerationQueueFullException">Too many wait already, or ask for too many log-probabilities.</exception>
    /// <exception cref="NoTokenAllowedException">What the options forbid leaves no token, or their grammar is too ambiguous to be followed.</exception>
    /// <exception cref="NotSupportedException">It asks for what only <see cref="TextGenerator"/> does.</exception>
    /// <exception cref="InvalidOperationException">The model was changed after the engine was made, or its scores are not numbers.</exception>
    /// <exception cref="ObjectDisposedException">The engine or the model was disposed, now or before.</exception>
    public async Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        StreamingGeneration stream = StreamAsync(request, cancellationToken);
        await foreach (GeneratedToken _ in stream.ConfigureAwait(false))
        {
        }

        return stream.Result!;
    }

    /// <summary>
    /// Forgets the keys and values that were computed so far, the draft model's too, and gives back the memory of those that are kept for requests to come. Needed after the model's weights were changed.
    /// Requests that are running go on with what they have, which no later request finds.
    /// </summary>
    public Task ClearCacheAsync() => Task.Run(loop.Clear);

    /// <summary>Ends all requests, whose callers get an <see cref="ObjectDisposedException"/>, and gives all memory back. The model stays the caller's.</summary>
    public void Dispose()
    {
        disposed = true;
        // Whoever comes second waits for the first: the model may go once it returns.
        lock (ending)
        {
            if (isEnded) return;
            isEnded = true;
            loop.Dispose();
            runner.Dispose();
            drafts?.Dispose();
            reservation.Dispose();
        }
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    /// <summary>What a request needs of the cache, and what the cache has for it.</summary>
    /// <param name="prompt">Tokens of the prompt.</param>
    /// <param name="answer">Tokens of the answer, at most.</param>
    /// <param name="dropping">What is dropped on the way; null for nothing.</param>
    internal CacheRoom Room(int prompt, int answer, TokenDropping? dropping)
    {
        // The last token of an answer goes nowhere.
        long tokens = (long)prompt + Math.Max(answer, 1), bytes = cache.Needs.Bytes(tokens - 1, 1, dropping as AttentionSinks), there = loop.CapacityBytes;
        PromptSelection? selection = dropping is PromptSelection chosen && chosen.MaximumTokens < prompt ? chosen : null;
        if (selection is not null) bytes = Math.Max(cache.Needs.BytesToChoose(prompt, selection), cache.Needs.Bytes(tokens - 1, 1, null, prompt - selection.MaximumTokens));
        int fits = Math.Min(int.MaxValue - 1, selection is null ? cache.Needs.LongestSequence(there, dropping as AttentionSinks) : cache.Needs.LongestSequence(there, prompt, selection)) + 1;
        return new CacheRoom(prompt, answer, fits, bytes, there, MemoryPlan.CacheBytes);
    }

    /// <summary>The request with its prompt as it is computed.</summary>
    private static GenerationRequest Cut(GenerationRequest request, out TokenCut cut)
    {
        cut = default;
        if (request.Truncation is not { } truncation) return request;
        int[] kept = truncation.Apply(request.Prompt.Span, out cut);
        return request with { Prompt = kept, Truncation = null };
    }

    /// <summary>Checks a request, and ends its answer where the window does.</summary>
    private PositionRemapping? Check(ref GenerationRequest request)
    {
        ReadOnlySpan<int> prompt = request.Prompt.Span;
        if (prompt.IsEmpty) throw new ArgumentException("The prompt is empty: give at least one token, for example the beginning-of-sentence token.", nameof(request));
        for (int i = 0; i < prompt.Length; i++)
        {
            if ((uint)prompt[i] >= (uint)model.VocabularySize)
                throw new ArgumentException($"Token {i} of the prompt is {prompt[i]}, but the vocabulary has {model.VocabularySize} tokens.", nameof(request));
        }

        if (request.Options is null) throw new ArgumentException("Options is null.", nameof(request));
        request.Options.Validate(model.VocabularySize);
        model.CheckUnchanged();
        PositionRemapping? remapping = model.Remapping(request.PositionRemapping);
        if (remapping is not null && !runner.SupportsRemapping)
            throw new NotSupportedException($"The runner \"{runner.Name}\" does not compute {remapping}: use a TextGenerator.");
        if (request.Options.RerotateCachedKeys && model.DependsOnLength)
            throw new NotSupportedException("GenerationOptions.RerotateCachedKeys rotates a sequence's keys anew for each token, which pages that requests share cannot do: use a TextGenerator.");
        if (request.Options.DropsContextAtOriginalWindow && model.CacheEndsAt is not null)
            throw new NotSupportedException("GenerationOptions.DropsContextAtOriginalWindow is there to compare with another library, one request at a time: use a TextGenerator.");
        CheckDropping(request.Dropping, remapping);
        if (!options.AllowsBeyondContext && !request.AllowsBeyondContext) request = EngineWindow.Hold(request, model.Window, remapping);
        // Behind the window, which may have shortened the answer.
        KeptAlternatives.Check(request, model.VocabularySize, options.MaximumLogProbabilities);
        CacheRoom room = Room(prompt.Length, request.Options.MaximumNewTokens, request.Dropping);
        if (!room.Fits) throw room.Refusal();
        return remapping;
    }

    /// <exception cref="ArgumentException">The dropping cannot be used.</exception>
    /// <exception cref="NotSupportedException">It is not computed for this model.</exception>
    private void CheckDropping(TokenDropping? dropping, PositionRemapping? remapping)
    {
        if (dropping is null) return;
        dropping.Validate();
        if (dropping is PromptSelection selection && selection.ObservedTokens > options.StepTokens - options.MaximumSequences + 1)
            throw new ArgumentException($"PromptSelection: ObservedTokens ({selection.ObservedTokens}) must go through the model in one step beside the other requests' next tokens: at most {options.StepTokens - options.MaximumSequences + 1}, GenerationEngineOptions.StepTokens − MaximumSequences + 1.");
        if (remapping is not null) throw new NotSupportedException($"{dropping} and {remapping} both say which distances there are: ask for one of them.");
        if (model.DependsOnLength)
            throw new NotSupportedException($"{dropping} is not computed for a model whose frequencies depend on a text's length (dynamic NTK, LongRoPE): which length holds once tokens are dropped is not defined.");
    }
}
