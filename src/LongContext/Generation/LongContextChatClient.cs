using System.Runtime.CompilerServices;
using LongContext.Chat;
using LongContext.Evaluation;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>
/// A model of this library as an <see cref="IChatClient"/>: streaming, cancellation, stop strings, usage counts. May be used by many callers at once. A client that was loaded from a folder or made for a
/// <see cref="GenerationEngine"/> has many requests answered at once; one that was made for a model alone has one at a time, in the order in which they came.
/// </summary>
/// <remarks>
/// <para>Conversations are written by the <see cref="ChatFormat"/>. Without one, and on request (<see cref="ChatOptionKeys.Completion"/>), there is no
/// template: the messages' text is gone on with as it is, a blank line between two of them. <see cref="ChatOptionKeys.ContinueFinalMessage"/> goes on with an assistant's
/// message at the end; <see cref="ChatOptionKeys.MinimumNewTokens"/> keeps stop tokens and stop strings away until then.</para>
/// <para>What a model thinks before it answers comes apart from the answer, as <see cref="TextReasoningContent"/>, where the format says how it is marked
/// (<see cref="ChatFormat.ReasoningTags"/>), and goes back to the template with a message that holds it. Stop strings count in thoughts too, as in vLLM; an answer that is cut within them has no text. A
/// JSON schema holds behind thoughts that the prompt has opened, where one token closes them; else from the first token on, so that there are none.</para>
/// <para>Functions among <see cref="ChatOptions.Tools"/> are described to the model and their calls found in its answer, as <see cref="FunctionCallContent"/>s that come as soon as they are whole; the answer then ends with
/// <see cref="ChatFinishReason.ToolCalls"/>, unless it was cut. They are not invoked: <c>client.AsBuilder().UseFunctionInvocation().Build()</c> does that. The format must have a place for tools (<see cref="ChatFormat.ToolCalls"/>); tools that are no functions are refused, and
/// with <see cref="ChatToolMode.None"/> the model is not told of any. A required call is held to by a grammar from the answer's first token on, or behind its thoughts; with <see cref="ChatToolMode.Auto"/> that holds from where a call
/// opens. Where a format has no words for that (Llama 3), a call opens by how the answer begins, and is held to if a function is strict: a JSON object whose first key is "name", or "type" with "function" and then "name", cannot be an answer's text then. Arguments satisfy the function's schema; one that a grammar cannot hold is refused where the function's or the options' additional property "strict" is true, and is else any object.
/// With a ResponseFormat besides, the answer is either calls or in that form. Stop strings count in calls too: one that is cut is text. Log-probabilities of a call's tokens come as the tokens are made, in updates without text.</para>
/// <para>Of <see cref="ChatOptions"/> count MaxOutputTokens (<see cref="int.MaxValue"/>: what window and memory leave), Temperature (0 is greedy), TopP, TopK, Seed, StopSequences, FrequencyPenalty, PresencePenalty, Instructions, Reasoning's effort
/// (none, or think first) and output (none leaves thoughts out), and ResponseFormat: an answer in JSON is held to its schema, or to any object without one, by a <see cref="JsonGrammar"/> (the prompt should ask for it as well); <see cref="ChatOptionKeys.Choices"/> and <see cref="ChatOptionKeys.Pattern"/> hold one to a <see cref="TextGrammar"/>.
/// Kept conversations are refused by a <see cref="NotSupportedException"/>. What chat options have no member for comes by the names of <see cref="ChatOptionKeys"/> in
/// <see cref="ChatOptions.AdditionalProperties"/>: logit bias, log-probabilities, min-p, bad words, priority, cache salt and more, each checked, with its name in the exception.</para>
/// <para>A stream with an engine is filled as the engine makes its tokens; without one, a token is computed when it is asked for, on the thread pool, and the stream keeps its place at the model until it is
/// at its end or disposed. A stop string ends the answer and is no part of it, wherever tokens cut it; text that could become one is held back. Tokens are counted as the model makes them, the
/// one that ended the answer included, though it is none of its text, as vLLM and llama.cpp count; with an engine, those of the prompt that it had computed before are counted as cached.</para>
/// <para>Log-probabilities (<see cref="ChatOptionKeys.LogProbabilities"/>) come with the piece of text that their tokens begin in, as a list of <see cref="ChatLogProbability"/> under the same name in the
/// update's additional properties, and in the whole response's; <see cref="ChatLogProbabilityExtensions"/> finds them. Those of the
/// prompt's tokens (<see cref="ChatOptionKeys.PromptLogProbabilities"/>, with an engine only) come in the first update. What was cut out of a prompt and how many tokens were dropped, the last update and the whole response say
/// in the same way (<see cref="ChatOptionKeys.PromptCut"/>, <see cref="ChatOptionKeys.DroppedTokens"/>; <see cref="ChatOptionKeys.PromptText"/> has the first say what is left), and, with log-probabilities, which token ended the answer (<see cref="ChatOptionKeys.StopToken"/>).</para>
/// <para>A prompt may be given as tokens in place of messages (<see cref="ChatOptionKeys.PromptTokenIds"/>): they are gone on with as they are, whatever the format. Where they end within a character, the answer begins with all of it.</para>
/// </remarks>
public sealed class LongContextChatClient : IChatClient, IPromptRenderer
{
    private readonly CausalLanguageModel model;
    private readonly ChatRequestReader reader;
    private readonly ITokenGenerator generator;
    private readonly TimeProvider clock;
    private readonly ClientLifetime lifetime;
    private readonly ChatClientMetadata metadata;
    private readonly string deviations;
    private readonly GenerationEngine? engine;
    private readonly LongContextChatClientOptions options;

    /// <summary>A client for a model.</summary>
    /// <param name="model">The model; stays the caller's unless <see cref="LongContextChatClientOptions.OwnsModel"/> says otherwise.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="format">Writes conversations; null for text to go on with, without a template.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="ArgumentException">An option cannot be used, or the format does not belong to the tokenizer. Options of an engine cannot: make one, and a client for it.</exception>
    public LongContextChatClient(CausalLanguageModel model, Tokenizer tokenizer, ChatFormat? format = null, LongContextChatClientOptions? options = null)
        : this(model, tokenizer, format, WithoutEngine(options), generator: null)
    {
    }

    /// <summary>A client for an engine's model that has many requests answered at once.</summary>
    /// <param name="engine">The engine; stays the caller's unless <see cref="LongContextChatClientOptions.OwnsEngine"/> says otherwise, and may serve other clients too.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="format">Writes conversations; null for text to go on with, without a template.</param>
    /// <param name="options">Null for all defaults. <see cref="LongContextChatClientOptions.OwnsModel"/> goes with
    /// <see cref="LongContextChatClientOptions.OwnsEngine"/> only: the engine needs the model.</param>
    /// <exception cref="ArgumentException">An option cannot be used, or the format does not belong to the tokenizer.</exception>
    public LongContextChatClient(GenerationEngine engine, Tokenizer tokenizer, ChatFormat? format = null, LongContextChatClientOptions? options = null)
        : this((engine ?? throw new ArgumentNullException(nameof(engine))).Model!, tokenizer, format, WithoutModel(options), new EngineTokenGenerator(engine), engine)
    {
    }

    internal LongContextChatClient(
        CausalLanguageModel model, Tokenizer tokenizer, ChatFormat? format, LongContextChatClientOptions? options, ITokenGenerator? generator, GenerationEngine? engine = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        options ??= new LongContextChatClientOptions();
        options.Validate();
        if (format is not null && options.ChatFormat is { } other && !ReferenceEquals(format, other))
            throw new ArgumentException($"LongContextChatClientOptions.ChatFormat is \"{other}\", but the client is given the format \"{format}\": name one of them.", nameof(options));
        format ??= options.ChatFormat;
        if (format is not null && tokenizer is not HuggingFaceTokenizer)
            throw new ArgumentException($"The format \"{format}\" needs a {nameof(HuggingFaceTokenizer)}, which knows its special tokens, but this is a {tokenizer.GetType().Name}.", nameof(tokenizer));
        (this.model, this.engine, this.generator, this.options) = (model, engine, generator ?? new QueuedTokenGenerator(model), options);
        Tokenizer = tokenizer;
        ChatFormat = format;
        ModelId = options.ModelId ?? (model.SourceFolder is { } folder ? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))) : model.Config.ModelType);
        ContextLength = ModelText.ContextLength(model.Config, options.ContextLength, options.AllowsBeyondContext, nameof(LongContextChatClientOptions));
        reader = new ChatRequestReader(model, tokenizer, format, options, ModelId, ContextLength);
        clock = options.Rendering.TimeProvider;
        deviations = ClientSettings.Describe(options, engine?.CacheFormat ?? KeyValueCacheFormat.Model, engine?.RoundsActivations ?? false);
        lifetime = new ClientLifetime([.. engine is not null && options.OwnsEngine ? [engine] : Array.Empty<IDisposable>(), .. options.OwnsModel ? [model] : Array.Empty<IDisposable>()]);
        metadata = new ChatClientMetadata("longcontext", providerUri: null, ModelId);
        Scorer = new ModelTokenScorer(model, tokenizer, new ModelTokenScorerOptions
        {
            ContextLength = options.ContextLength,
            AllowsBeyondContext = options.AllowsBeyondContext,
            ChunkTokens = (options.Generation ?? new GenerationOptions()).PrefillChunkTokens,
        }, lifetime);
    }

    /// <summary>The same client with other options for generation, but for the answers' length; it ends with the other one.</summary>
    private LongContextChatClient(LongContextChatClient other, GenerationOptions generation)
    {
        (model, engine, generator, clock, lifetime, metadata, deviations) = (other.model, other.engine, other.generator, other.clock, other.lifetime, other.metadata, other.deviations);
        (ModelId, Tokenizer, ChatFormat, ContextLength, Scorer) = (other.ModelId, other.Tokenizer, other.ChatFormat, other.ContextLength, other.Scorer);
        options = other.options with { Generation = generation, AnswerEnd = ChatLengths.Rest };
        reader = new ChatRequestReader(model, Tokenizer, ChatFormat, options, ModelId, ContextLength);
    }

    /// <summary>The model's name.</summary>
    public string ModelId { get; }

    /// <summary>The model's tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>What conversations are written with; null where the client only goes on with text.</summary>
    public ChatFormat? ChatFormat { get; }

    /// <summary>Why chats are refused while text is gone on with; null where they are not.</summary>
    internal string? UnknownTemplate => options.UnknownTemplate;

    /// <summary>Tokens of prompt and answer together; null where longer ones are allowed. A request with a remapping of positions may have as many as its <see cref="Positions.PositionRemapping.MaximumLength"/> says.</summary>
    public int? ContextLength { get; }

    /// <summary>Scores given text with the same model, one at a time, in turns with the requests or with the engine's steps, until the client is disposed.</summary>
    public ModelTokenScorer Scorer { get; }

    /// <summary>Loads model, tokenizer and chat template of a Hugging Face folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <returns>A client that disposes the model, and the engine where it has one (<see cref="LongContextChatClientOptions.Engine"/>), with itself.</returns>
    /// <exception cref="LongContext.Checkpoints.CheckpointFormatException">A file of the model is not what it must be.</exception>
    /// <exception cref="InvalidDataException">A file of the tokenizer or the chat template is damaged.</exception>
    /// <exception cref="NotSupportedException">
    /// A family, weight type or tokenizer that is not supported, or a chat template that is not known here: the message says how to name one.
    /// </exception>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    /// <exception cref="IOException">The folder or a file is not there or cannot be read.</exception>
    public static LongContextChatClient Load(string folder, LongContextChatClientOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new LongContextChatClientOptions();
        options.Validate();
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"The model's folder \"{folder}\" is not there (looked for {Path.GetFullPath(folder)}): give a folder with config.json, tokenizer.json and the weights.");
        // What is small first: a fault there shows before gigabytes are read.
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(folder);
        ChatFormat? format = options.ChatFormat;
        try
        {
            format ??= ChatFormat.LoadIfPresent(folder);
        }
        catch (NotSupportedException e) when (options.TakesUnknownTemplate)
        {
            options = options with { UnknownTemplate = e.Message };
        }

        ModelText.ContextLength(CausalLanguageModel.ReadConfig(folder, options.Loading), options.ContextLength, options.AllowsBeyondContext, nameof(LongContextChatClientOptions));
        CausalLanguageModel model = CausalLanguageModel.Load(folder, options.Loading);
        GenerationEngine? engine = null;
        try
        {
            ClientDefaults.LogUnused(options, model.GenerationConfig);
            if (format is null) ClientDefaults.LogNoFormat(options, folder);
            engine = ClientEngine.Create(model, options);
            return engine is null
                ? new LongContextChatClient(model, tokenizer, format, options with { Engine = null, OwnsModel = true, OwnsEngine = false })
                : new LongContextChatClient(engine, tokenizer, format, options with { Engine = null, OwnsModel = true, OwnsEngine = true });
        }
        catch
        {
            engine?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    /// <exception cref="PromptTooLongException">The prompt does not fit into the window; the message has the figures.</exception>
    /// <exception cref="CacheCapacityException">Prompt and answer do not fit into the engine's memory; it has the figures.</exception>
    /// <exception cref="GenerationQueueFullException">As many requests wait as the engine's options allow.</exception>
    /// <exception cref="NoTokenAllowedException">What the options forbid leaves no token, at the first or at a later one, or their schema is too ambiguous to be followed.</exception>
    /// <exception cref="NotSupportedException">Something is asked for that the client cannot do.</exception>
    /// <exception cref="ArgumentException">A message or an option cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed, now or before.</exception>
    public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return ChatUpdates.JoinAsync(StreamAsync(messages, options, cancellationToken));
    }

    /// <inheritdoc />
    /// <remarks>The last update has no text but why the answer ended and how many tokens there were. Exceptions as of <see cref="GetResponseAsync"/>.</remarks>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return StreamAsync(messages, options, cancellationToken);
    }

    /// <inheritdoc />
    /// <remarks>
    /// There are <see cref="ChatClientMetadata"/>, the <see cref="CausalLanguageModel"/>, the <see cref="GenerationEngine"/> where there is one, the <see cref="Tokenizer"/>, the <see cref="ChatFormat"/>,
    /// <see cref="ITokenScorer"/>, <see cref="ISharedPrefixScorer"/>, <see cref="IPromptRenderer"/>, and an <see cref="EvaluationModel"/> as <see cref="ToEvaluationModel"/> makes it.
    /// </remarks>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null) return null;
        // Made anew each time: it has a hash of the weights as they are now.
        if (serviceType == typeof(EvaluationModel)) return ToEvaluationModel();
        object?[] services = [this, metadata, Scorer, Tokenizer, ChatFormat, model, engine];
        // Everything is an object; who asks for that gets the client.
        return Array.Find(services, serviceType.IsInstanceOfType);
    }

    /// <summary>This client as a model to evaluate.</summary>
    /// <param name="name">Its name in reports. Null (the default): <see cref="ModelId"/>.</param>
    /// <remarks>
    /// Its <see cref="EvaluationModel.Identity"/> has a hash over the weights as they are now, an adapter's included, by samples: call it anew after training; and what the client's options for
    /// generation and for the template say that is not the default. A date that the template takes from the clock is no part of it, so that a run may go on the next day: set
    /// <see cref="ChatRenderOptions.Date"/> where answers depend on it. It is asked as many requests at once as the engine computes; without an engine one at a time.
    /// Of generation_config.json only the stop tokens count: a task says how its answers are made, and what it leaves open must not differ from model to model. Give
    /// <see cref="LongContextChatClientOptions.Generation"/> what the file suggests where that is to be evaluated.
    /// </remarks>
    public EvaluationModel ToEvaluationModel(string? name = null) => new()
    {
        Name = name ?? ModelId,
        Identity = $"weights {WeightIdentity.Of(model)}, format {ChatFormat?.ToString() ?? "none"}{deviations}",
        Client = AsEvaluated(),
        Tokenizer = Tokenizer,
        ContextLength = ContextLength,
        TemplateTokens = TemplateTokens(),
        ContinuesAnswers = true,
        RequestsAtOnce = engine?.MaximumSequences ?? 1,
    };

    /// <inheritdoc />
    public string Render(EvaluationPrompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        List<ChatTurn> turns = [];
        if (!string.IsNullOrEmpty(prompt.System)) turns.Add(ChatTurn.System(prompt.System));
        turns.Add(ChatTurn.User(prompt.Text));
        bool continues = prompt.AnswerPrefix.Length > 0;
        if (continues) turns.Add(ChatTurn.Assistant(prompt.AnswerPrefix));
        return ChatFormat is null || prompt.Style == PromptStyle.Completion
            ? ChatConversation.Plain(turns, continues)
            : reader.Render(turns, continues, enableThinking: null);
    }

    /// <summary>Whether a prompt and its answer would fit, before anything is computed: by the same rule a request is taken or refused.</summary>
    /// <param name="promptTokens">Tokens of the prompt, template and special tokens included; 0 or more.</param>
    /// <param name="options">What would be asked for: the answer's length, a cut, dropping and remapping count. Null for the client's own.</param>
    /// <returns>The figures. That it fits does not say that it comes at once: others may have the memory for the moment.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="promptTokens"/> is negative.</exception>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    /// <exception cref="NotSupportedException">Something is asked for that the client cannot do.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public GenerationFit CheckFit(int promptTokens, ChatOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(promptTokens);
        using ClientLifetime.Use use = lifetime.Begin(CancellationToken.None);
        return reader.Fit(promptTokens, options, generator, model.PositionRemapping);
    }

    /// <summary>Whether messages and their answer would fit, before anything is computed. They are written by the template and encoded for it, which takes a while with long ones.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">What would be asked for; null for the client's own.</param>
    /// <returns>The figures, as of <see cref="CheckFit(int, ChatOptions?)"/>; exceptions too.</returns>
    public GenerationFit CheckFit(IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        using ClientLifetime.Use use = lifetime.Begin(CancellationToken.None);
        return reader.Fit(messages, options, generator, model.PositionRemapping);
    }

    /// <summary>Refuses what would be refused for its length.</summary>
    /// <exception cref="PromptTooLongException">The prompt does not fit into the window.</exception>
    /// <exception cref="CacheCapacityException">Prompt and answer do not fit into the engine's memory.</exception>
    internal void RequireFit(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        using ClientLifetime.Use use = lifetime.Begin(CancellationToken.None);
        RequestFault.Checked(() =>
        {
            reader.RequireFit(messages, options, generator, model.PositionRemapping);
            return true;
        });
    }

    /// <summary>Ends the requests that are on their way and disposes what the client owns, the engine and then the model, once the last of them is done.</summary>
    public void Dispose() => lifetime.Dispose();

    private static LongContextChatClientOptions? WithoutEngine(LongContextChatClientOptions? options) => options switch
    {
        { OwnsEngine: true } => throw new ArgumentException("LongContextChatClientOptions.OwnsEngine is true, but the client is made for a model alone.", nameof(options)),
        { Engine: { } engine } when engine != new GenerationEngineOptions() => throw new ArgumentException(
            "LongContextChatClientOptions.Engine is given, but the client is made for a model alone and answers one request at a time: make a GenerationEngine with these options and give it instead.", nameof(options)),
        _ => options,
    };

    private static LongContextChatClientOptions? WithoutModel(LongContextChatClientOptions? options) => options switch
    {
        { OwnsModel: true, OwnsEngine: false } => throw new ArgumentException(
            "LongContextChatClientOptions.OwnsModel is true, but the engine needs the model for longer than the client lives.", nameof(options)),
        { Engine: { } engine } when engine != new GenerationEngineOptions() => throw new ArgumentException(
            "LongContextChatClientOptions.Engine is given, but the client is made for an engine, which has options of its own.", nameof(options)),
        _ => options,
    };

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using ClientLifetime.Use use = lifetime.Begin(cancellationToken);
        // A long prompt takes a while to write and to encode, and a grammar to make.
        ChatRequest request = await use.RunAsync(() => RequestFault.Checked(() => reader.Read(messages, options, generator, model.PositionRemapping))).ConfigureAwait(false);
        var answer = new ChatAnswer(generator, Tokenizer, request);
        var read = new ChatContents(request);
        var updates = new ChatUpdates(request, answer, Tokenizer, ModelId, clock.GetUtcNow());
        await using IAsyncEnumerator<ChatPiece> pieces = answer.ReadAsync(use.Token).GetAsyncEnumerator(use.Token);
        while (await use.Guard(pieces.MoveNextAsync().AsTask()).ConfigureAwait(false))
        {
            if (updates.OfPrompt() is { } first) yield return first;
            ChatPiece piece = pieces.Current;
            List<AIContent> contents = read.Add(piece.Text, out bool isHidden);
            // With the one call that there may be the answer is whole: what is still made is nobody's.
            answer.Usage.IsEnough |= read.IsComplete;
            IReadOnlyList<ChatLogProbability>? told = isHidden ? null : piece.LogProbabilities;
            if (contents.Count > 0 || told is not null) yield return updates.Of(contents, told);
            if (read.IsComplete) break;
        }

        if (updates.OfPrompt() is { } only) yield return only;
        if (read.Flush() is { Count: > 0 } rest) yield return updates.Of(rest, null);
        yield return updates.Last(read.HasCalls);
    }

    /// <summary>This client without what generation_config.json says of choosing tokens.</summary>
    private LongContextChatClient AsEvaluated() =>
        options.Generation is null && ClientDefaults.Of(options, model.GenerationConfig) != (new GenerationOptions(), ChatLengths.Rest) ? new LongContextChatClient(this, new GenerationOptions()) : this;

    /// <summary>Tokens that the template puts around a system's and a user's message, with a few to spare where text and template meet.</summary>
    private int TemplateTokens()
    {
        const int spare = 8;
        int beginning = ModelText.Beginning(Tokenizer, model.Config).Count;
        if (ChatFormat is null) return beginning + spare;
        int text = Tokenizer.CountTokens("x");
        int Around(params ChatTurn[] turns) => Tokenizer.CountTokens(reader.Render(turns, continuesFinal: false, enableThinking: null)) - (turns.Length * text);
        try
        {
            return Around(ChatTurn.System("x"), ChatTurn.User("x")) + spare;
        }
        catch (ArgumentException)
        {
            // A format without a place for a system's message.
            return Around(ChatTurn.User("x")) + spare;
        }
    }
}
