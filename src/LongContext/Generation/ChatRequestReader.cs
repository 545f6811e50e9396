using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>Makes of messages and chat options what a model is given.</summary>
internal sealed class ChatRequestReader
{
    private readonly ModelConfig config;
    private readonly Tokenizer tokenizer;
    private readonly ChatFormat? format;
    private readonly LongContextChatClientOptions options;
    private readonly string modelId;
    private readonly int? contextLength;
    private readonly int[] stopTokenIds;
    private readonly Dictionary<string, JsonGrammar> grammars = new(StringComparer.Ordinal);
    private long requests;

    /// <param name="config">The model's config.json.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="format">Writes conversations; null where text is gone on with.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="modelId">The model's name.</param>
    /// <param name="contextLength">Tokens of prompt and answer; null for no limit.</param>
    public ChatRequestReader(ModelConfig config, Tokenizer tokenizer, ChatFormat? format, LongContextChatClientOptions options, string modelId, int? contextLength)
    {
        (this.config, this.tokenizer, this.format, this.options) = (config, tokenizer, format, options);
        (this.modelId, this.contextLength) = (modelId, contextLength);
        IEnumerable<int> ofFormat = format?.FindStopTokenIds((HuggingFaceTokenizer)tokenizer) ?? [];
        stopTokenIds = [.. options.Generation.StopTokenIds ?? config.EndOfSentenceTokenIds.Union(ofFormat)];
    }

    /// <param name="messages">The conversation.</param>
    /// <param name="chatOptions">What is asked for.</param>
    /// <param name="memoryTokens">Tokens of prompt and answer that fit into memory: a length that nobody asked for ends there; null for no limit.</param>
    /// <exception cref="PromptTooLongException">The prompt fills the window.</exception>
    public ChatRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? chatOptions, int? memoryTokens = null)
    {
        ChatRequestOptions asked = ChatRequestOptions.Read(chatOptions, modelId, config.VocabularySize);
        List<ChatTurn> turns = ChatConversation.Turns(messages, chatOptions?.Instructions);
        bool continuesTurn = asked.ContinueFinalMessage;
        if (continuesTurn && !turns[^1].IsAssistant)
            throw new ArgumentException($"The last message is the {turns[^1].Role}'s, but only an assistant's can be gone on with ({ChatOptionKeys.ContinueFinalMessage}).", nameof(messages));

        bool isPlain = format is null || asked.Completion;
        int[] prompt = isPlain
            ? ModelText.Encode(tokenizer, config, ChatConversation.Plain(turns, continuesTurn))
            : [.. tokenizer.EncodeToIds(Render(turns, continuesTurn, asked.EnableThinking))];
        if (prompt.Length == 0) throw new ArgumentException("The messages have no text, and the model has no token that texts begin with.", nameof(messages));
        // Here and not by the engine: what is left is what the window and the counts are about.
        if (asked.Truncation is { } truncation) prompt = truncation.Apply(prompt);
        // With sinks no token sees further back than the window of the sinks, wherever it stands.
        bool isBounded = asked.Dropping is AttentionSinks { Positions: SinkPositions.InCache } sinks && (contextLength is not { } length || (long)sinks.Sinks + sinks.Window <= length);
        if (!isBounded && contextLength is { } window && prompt.Length >= window)
        {
            throw new PromptTooLongException(
                $"The prompt has {prompt.Length} tokens, but the model's window has {window}, of which the answer needs one at least: shorten it, " +
                $"or allow it ({nameof(LongContextChatClientOptions)}.{nameof(LongContextChatClientOptions.AllowsBeyondContext)}).");
        }

        return new ChatRequest
        {
            Request = new GenerationRequest
            {
                Prompt = prompt,
                Options = Generation(chatOptions, asked, prompt.Length, isBounded, memoryTokens),
                Priority = asked.Priority,
                CacheSalt = asked.CacheSalt,
                PositionRemapping = asked.PositionRemapping,
                Dropping = asked.Dropping,
            },
            StopStrings = asked.StopStrings,
            Continues = isPlain || continuesTurn,
        };
    }

    /// <summary>The text of a conversation with its template.</summary>
    public string Render(IReadOnlyList<ChatTurn> turns, bool continuesFinal, bool? enableThinking) => format!.Render(turns, new ChatRenderOptions
    {
        AddGenerationPrompt = !continuesFinal,
        ContinueFinalTurn = continuesFinal,
        EnableThinking = enableThinking ?? options.Rendering.EnableThinking,
        Date = options.Rendering.Date,
        TimeProvider = options.Rendering.TimeProvider,
    }).Text;

    private GenerationOptions Generation(ChatOptions? chatOptions, ChatRequestOptions asked, int promptLength, bool isBounded, int? memoryTokens)
    {
        GenerationOptions given = options.Generation;
        int maximum = chatOptions?.MaxOutputTokens ?? given.MaximumNewTokens, minimum = asked.MinimumNewTokens ?? given.MinimumNewTokens;
        if (!isBounded && contextLength is { } window && maximum > window - promptLength)
        {
            maximum = window - promptLength;
            minimum = Math.Min(minimum, maximum);
        }

        // Of a prompt that fills the memory by itself, whoever has the memory says so.
        if (!isBounded && chatOptions?.MaxOutputTokens is null && memoryTokens > promptLength && maximum > memoryTokens - promptLength)
        {
            maximum = memoryTokens.Value - promptLength;
            minimum = Math.Min(minimum, maximum);
        }

        ulong seed = chatOptions?.Seed is { } own ? (ulong)own : new SplitMix64(given.Seed, Interlocked.Increment(ref requests)).Next();
        var made = new GenerationOptions
        {
            MaximumNewTokens = maximum,
            MinimumNewTokens = minimum,
            AlsoMaskedUntilMinimum = minimum > 0 ? [.. asked.StopStrings.Select(TokenOf).OfType<int>()] : [],
            Temperature = Exact(chatOptions?.Temperature) ?? given.Temperature,
            TopK = chatOptions?.TopK ?? given.TopK,
            TopP = Exact(chatOptions?.TopP) ?? given.TopP,
            MinP = asked.MinP ?? given.MinP,
            TypicalP = asked.TypicalP ?? given.TypicalP,
            TopNSigma = asked.TopNSigma ?? given.TopNSigma,
            LogitBias = asked.LogitBias ?? given.LogitBias,
            BadWordIds = asked.BadWords.Count == 0 ? given.BadWordIds : [.. given.BadWordIds, .. asked.BadWords.SelectMany(SpellingsOf)],
            NoRepeatNGramSize = asked.NoRepeatNGramSize is { } run ? run > 0 ? run : null : given.NoRepeatNGramSize,
            LogProbabilities = asked.NoLogProbabilities ? null : asked.LogProbabilities ?? given.LogProbabilities,
            Grammar = asked.AnyText ? null : asked.JsonSchema is { } schema ? Grammar(schema) : given.Grammar,
            RepetitionPenalty = asked.RepetitionPenalty ?? given.RepetitionPenalty,
            FrequencyPenalty = Exact(chatOptions?.FrequencyPenalty) ?? given.FrequencyPenalty,
            PresencePenalty = Exact(chatOptions?.PresencePenalty) ?? given.PresencePenalty,
            Seed = unchecked((int)(seed ^ (seed >> 32))),
            StopTokenIds = StopTokens(asked),
            PrefillChunkTokens = given.PrefillChunkTokens,
            RerotateCachedKeys = given.RerotateCachedKeys,
            Speculation = given.Speculation,
            DropsContextAtOriginalWindow = given.DropsContextAtOriginalWindow,
        };
        made.Validate(config.VocabularySize);
        return made;
    }

    /// <summary>The grammar of a schema; the last few are kept, since callers ask for the same form again and again.</summary>
    private JsonGrammar Grammar(string schema)
    {
        const int most = 32;
        lock (grammars)
        {
            if (grammars.TryGetValue(schema, out JsonGrammar? known)) return known;
        }

        JsonGrammar made = JsonGrammar.FromSchema(schema, tokenizer);
        lock (grammars)
        {
            if (grammars.Count >= most) grammars.Clear();
            grammars[schema] = made;
        }

        return made;
    }

    private int[] StopTokens(ChatRequestOptions asked) => asked switch
    {
        { IgnoresEnd: true } => [.. asked.StopTokenIds],
        { StopTokenIds.Count: > 0 } => [.. stopTokenIds.Union(asked.StopTokenIds)],
        _ => stopTokenIds,
    };

    /// <summary>The tokens of a text by itself, and those of it behind a blank where that is another first token.</summary>
    private IEnumerable<IReadOnlyList<int>> SpellingsOf(string word)
    {
        string bare = word.TrimStart(' ');
        IReadOnlyList<int> alone = tokenizer.EncodeToIds(bare), behind = tokenizer.EncodeToIds(" " + bare);
        if (alone.Count > 0) yield return alone;
        // A blank of its own before the same tokens says nothing that those do not say.
        if (behind.Count > 0 && (alone.Count == 0 || (behind.Count == alone.Count && behind[0] != alone[0]))) yield return behind;
    }

    /// <summary>The token that spells a stop string by itself, which an answer cannot begin with while it must be longer; null for none.</summary>
    private int? TokenOf(string stop) => tokenizer.EncodeToIds(stop) is [.., var last] && tokenizer.Decode([last]) == stop ? last : null;

    /// <summary>0.7 as the number that was meant, not as the nearest float.</summary>
    private static double? Exact(float? value) =>
        value is { } number ? float.IsFinite(number) && Math.Abs(number) < 1e6 ? (double)(decimal)number : number : null;
}
