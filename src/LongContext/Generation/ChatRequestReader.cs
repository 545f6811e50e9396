using System.Collections.ObjectModel;
using System.Text;
using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Generation.Grammars;
using LongContext.Models;
using LongContext.Positions;
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
    private readonly GenerationOptions generation;
    private readonly ChatLengths lengths;
    private readonly string modelId;
    private readonly int[] stopTokenIds;
    private readonly AnswerGrammars grammars;
    private readonly ChatTools tools;
    private long requests;

    /// <param name="model">The model, whose files say how it is used.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="format">Writes conversations; null where text is gone on with.</param>
    /// <param name="options">The client's options.</param>
    /// <param name="modelId">The model's name.</param>
    /// <param name="contextLength">Tokens of prompt and answer; null for no limit.</param>
    public ChatRequestReader(CausalLanguageModel model, Tokenizer tokenizer, ChatFormat? format, LongContextChatClientOptions options, string modelId, int? contextLength)
    {
        (config, this.tokenizer, this.format, this.options) = (model.Config, tokenizer, format, options);
        this.modelId = modelId;
        (generation, int? answerEnd) = ClientDefaults.Of(options, model.GenerationConfig);
        lengths = new ChatLengths(generation, answerEnd, contextLength, isStated: options.ContextLength is not null);
        IEnumerable<int> ofFormat = format?.FindStopTokenIds((HuggingFaceTokenizer)tokenizer) ?? [];
        stopTokenIds = [.. generation.StopTokenIds ?? model.StopTokenIds.Union(ofFormat)];
        grammars = new AnswerGrammars(tokenizer);
        tools = new ChatTools(format, tokenizer, grammars);
    }

    /// <param name="messages">The conversation.</param>
    /// <param name="chatOptions">What is asked for.</param>
    /// <param name="generator">Who answers, which knows the memory.</param>
    /// <param name="remapping">How the model's positions are remapped where a request does not say; null for not at all.</param>
    /// <exception cref="PromptTooLongException">The prompt fills the window.</exception>
    public ChatRequest Read(IEnumerable<ChatMessage> messages, ChatOptions? chatOptions, ITokenGenerator generator, PositionRemapping? remapping)
    {
        ChatRequestOptions asked = ChatRequestOptions.Read(chatOptions, modelId, config.VocabularySize);
        bool continuesTurn = asked.ContinueFinalMessage;
        (ChatText? rendered, string? text, int[] prompt, int before) = Tokens(messages, chatOptions, asked);
        // Here and not by the engine: what is left is what the window and the counts are about.
        TokenCut cut = default;
        if (Truncation(asked, prompt.Length, remapping) is { } truncation) prompt = truncation.Apply(prompt, out cut);
        (string Text, string Tail)? kept = null;
        if (cut.Count > 0 && (asked.TellsPromptText || (asked.PromptLogProbabilities ?? generation.PromptLogProbabilities) is not null)) kept = ModelText.Spell(tokenizer, prompt.AsSpan(Math.Min(before, cut.Start)));
        GenerationFit fit = lengths.Of(prompt.Length, asked, remapping, generator);
        lengths.RequireWindow(fit, asked, remapping);
        GenerationOptions chosen = Generation(chatOptions, asked, fit);
        ReasoningSplitter? splitter = rendered is null ? null : Splitter(rendered, continuesTurn);
        bool hasTools = asked.Tools.Tools.Count > 0, separates = asked.SeparatesReasoning ?? options.SeparatesReasoning;
        if (hasTools)
        {
            // Thoughts that are not told apart are text, in which calls count, and so they are held to there too; but what must be a call, or of a form, may be thought about first: then only what comes behind is held to, and only calls there count.
            bool isText = !separates && !asked.Tools.IsRequired && chosen.Grammar is null;
            if (isText) splitter = null;
            chosen = chosen with { Grammar = null, AnswerGrammar = tools.Grammar(asked.Tools, chosen.Grammar, splitter?.Stage) };
        }
        else if (splitter is not null && chosen.Grammar is not null)
        {
            // Thoughts that the prompt has opened come to their end first; else the form holds from the first token on, and there are none.
            if (splitter.Stage == ReasoningStage.Thinking && tokenizer is HuggingFaceTokenizer known && known.TryGetTokenId(format!.ReasoningTags!.Closing, out int closing)) chosen = chosen with { GrammarBegins = closing };
            else splitter = null;
        }

        bool continues = rendered is null || continuesTurn;
        if (continues) chosen = chosen with { ContinuesText = ChatAnswer.IsBehindText(tokenizer, prompt) };
        return new ChatRequest
        {
            Request = new GenerationRequest
            {
                Prompt = prompt,
                Options = chosen,
                Priority = asked.Priority,
                CacheSalt = asked.CacheSalt,
                PositionRemapping = asked.PositionRemapping,
                Dropping = asked.Dropping,
                AllowsBeyondContext = options.AllowsBeyondContext,
            },
            PromptText = cut.Count > 0 ? kept?.Text + kept?.Tail : text,
            KeptText = asked.TellsPromptText && kept is { } left ? chosen.MaximumNewTokens == 0 ? left.Text + left.Tail : left.Text : null,
            StopStrings = asked.StopStrings,
            Reasoning = separates ? splitter : hasTools ? splitter?.KeepingTags() : null,
            // As text, thoughts are shown as ever.
            ShowsReasoning = asked.ShowsReasoning || !separates,
            ToolCalls = hasTools ? format!.ToolCalls : null,
            AllowsSeveralCalls = hasTools && tools.AllowsSeveral(asked.Tools),
            SpelledOut = hasTools ? tools.SpelledOut() : ReadOnlyDictionary<int, string>.Empty,
            PromptCut = cut.Count > 0 ? cut : null,
            Continues = continues,
        };
    }

    /// <summary>Whether a prompt of some tokens fits.</summary>
    /// <param name="promptTokens">Tokens of the prompt, before it is cut.</param>
    /// <param name="chatOptions">What is asked for.</param>
    /// <param name="generator">Who answers.</param>
    /// <param name="remapping">The model's.</param>
    public GenerationFit Fit(int promptTokens, ChatOptions? chatOptions, ITokenGenerator generator, PositionRemapping? remapping) =>
        Fit(promptTokens, ChatRequestOptions.Read(chatOptions, modelId, config.VocabularySize), generator, remapping);

    /// <summary>Whether messages fit; other parameters as above.</summary>
    public GenerationFit Fit(IEnumerable<ChatMessage> messages, ChatOptions? chatOptions, ITokenGenerator generator, PositionRemapping? remapping)
    {
        ChatRequestOptions asked = ChatRequestOptions.Read(chatOptions, modelId, config.VocabularySize);
        return Fit(Tokens(messages, chatOptions, asked).Tokens.Length, asked, generator, remapping);
    }

    /// <summary>Refuses messages that do not fit. Most do so surely, by the length of their text, and are not encoded for it; other parameters as above.</summary>
    /// <exception cref="PromptTooLongException">The prompt fills the window.</exception>
    /// <exception cref="CacheCapacityException">Prompt and answer do not fit into memory.</exception>
    public void RequireFit(IEnumerable<ChatMessage> messages, ChatOptions? chatOptions, ITokenGenerator generator, PositionRemapping? remapping)
    {
        ChatRequestOptions asked = ChatRequestOptions.Read(chatOptions, modelId, config.VocabularySize);
        int? known = asked.PromptTokenIds is { } given ? given.Count : null;
        string? text = known is null ? Text(messages, chatOptions, asked).Text : null;
        // A token stands for a byte at least of the normalized text, but for a blank that some tokenizers put before it.
        long most = known ?? ((long)Encoding.UTF8.GetByteCount(text!) * MostOfNormalizing) + ModelText.Beginning(tokenizer, config).Count + 1;
        if (most <= int.MaxValue && Fit((int)most, asked, generator, remapping).Fits) return;
        GenerationFit fit = Fit(known ?? Tokens(messages, chatOptions, asked).Tokens.Length, asked, generator, remapping);
        lengths.RequireWindow(fit, asked, remapping);
        if (!fit.FitsCache) throw generator.Room(fit.PromptTokens, fit.NewTokens, asked.Dropping)!.Value.Refusal();
    }

    /// <summary>Bytes that normalizing makes of one, at most: 11 under NFKC, 3 under NFC (the Unicode Consortium's FAQ on normalization; U+1D160 is 4 bytes and becomes 12).</summary>
    private int MostOfNormalizing => (tokenizer is HuggingFaceTokenizer own ? own.Definition.Normalizer is not null : tokenizer.Normalizer is not null) ? 11 : 1;

    private GenerationFit Fit(int promptTokens, ChatRequestOptions asked, ITokenGenerator generator, PositionRemapping? remapping)
    {
        asked.Dropping?.Validate();
        if (Truncation(asked, promptTokens, remapping) is { } truncation && truncation.Cut(promptTokens) is { Count: > 0 }) promptTokens = truncation.MaximumTokens;
        return lengths.Of(promptTokens, asked, remapping, generator);
    }

    /// <summary>How the prompt is cut; without a number of its own, to what the window leaves beside the answer.</summary>
    private TokenTruncation? Truncation(ChatRequestOptions asked, int promptTokens, PositionRemapping? remapping) =>
        asked.Truncation is { MaximumTokens: ChatLengths.Rest } cut ? cut with { MaximumTokens = lengths.LongestPrompt(promptTokens, asked, remapping) } : asked.Truncation;

    /// <summary>What the model is given: the template's text where there is one, all of the text where there is any, the tokens, and how many of them were put before the text's own.</summary>
    private (ChatText? Rendered, string? Text, int[] Tokens, int Before) Tokens(IEnumerable<ChatMessage> messages, ChatOptions? chatOptions, ChatRequestOptions asked)
    {
        if (asked.PromptTokenIds is { } given) return (null, null, ChatTokenPrompt.Of(given, messages, chatOptions!, asked), 0);
        (ChatText? rendered, string text) = Text(messages, chatOptions, asked);
        int before = 0;
        int[] tokens = rendered is null ? ModelText.Encode(tokenizer, config, text, out before) : EncodedTexts.Of(tokenizer, text);
        return tokens.Length > 0 ? (rendered, text, tokens, before) : throw new ArgumentException("The messages have no text, and the model has no token that texts begin with.", nameof(messages));
    }

    /// <summary>What the messages become: the template's text where there is one, and all of the text.</summary>
    private (ChatText? Rendered, string Text) Text(IEnumerable<ChatMessage> messages, ChatOptions? chatOptions, ChatRequestOptions asked)
    {
        List<ChatTurn> turns = ChatConversation.Turns(messages, chatOptions?.Instructions);
        bool continuesTurn = asked.ContinueFinalMessage;
        if (continuesTurn && !turns[^1].IsAssistant)
            throw new ArgumentException($"The last message is the {turns[^1].Role}'s, but only an assistant's can be gone on with ({ChatOptionKeys.ContinueFinalMessage}).", nameof(messages));

        if (!asked.Completion && options.UnknownTemplate is { } why) throw new UnknownTemplateException($"The model answers completions only, no chats: {why}");
        ChatText? rendered = format is null || asked.Completion ? null : Write(turns, continuesTurn, asked.EnableThinking, asked.Tools.Tools);
        if (rendered is null) tools.Refuse(turns, asked.Tools);
        return (rendered, rendered?.Text ?? ChatConversation.Plain(turns, continuesTurn));
    }

    /// <summary>The text of a conversation with its template.</summary>
    public string Render(IReadOnlyList<ChatTurn> turns, bool continuesFinal, bool? enableThinking) => Write(turns, continuesFinal, enableThinking, []).Text;

    private ChatText Write(IReadOnlyList<ChatTurn> turns, bool continuesFinal, bool? enableThinking, IReadOnlyList<CallableTool> told) => format!.Render(turns, options.Rendering with
    {
        Tools = [.. told.Select(each => each.Tool)],
        AddGenerationPrompt = !continuesFinal,
        ContinueFinalTurn = continuesFinal,
        EnableThinking = enableThinking ?? options.Rendering.EnableThinking,
    });

    /// <summary>What tells thoughts from the answer, where the format says how they are marked: it begins where the prompt ends.</summary>
    private ReasoningSplitter? Splitter(ChatText prompt, bool continues)
    {
        if (format!.ReasoningTags is not { } tags) return null;
        string before = prompt.Text, begun = "";
        if (continues)
        {
            int start = prompt.AssistantSpans[^1].Start;
            (before, begun) = (before[..start], before[start..]);
        }

        int opened = begun.LastIndexOf(tags.Opening, StringComparison.Ordinal), closed = begun.LastIndexOf(tags.Closing, StringComparison.Ordinal);
        // A template may have opened the thoughts itself: nothing else that a prompt can end with is such a tag.
        // Or closed them: then the answer begins at once.
        if (begun.Length == 0 && before.AsSpan().TrimEnd().EndsWith(tags.Closing, StringComparison.Ordinal)) return new ReasoningSplitter(tags, ReasoningStage.Answering);
        bool thinks = opened > closed || (closed < 0 && before.AsSpan().TrimEnd().EndsWith(tags.Opening, StringComparison.Ordinal));
        return new ReasoningSplitter(tags, thinks ? ReasoningStage.Thinking : string.IsNullOrWhiteSpace(begun) ? ReasoningStage.Before : ReasoningStage.Answering);
    }

    private GenerationOptions Generation(ChatOptions? chatOptions, ChatRequestOptions asked, GenerationFit fit)
    {
        GenerationOptions given = generation;
        int maximum = fit.NewTokens, minimum = asked.MinimumNewTokens ?? given.MinimumNewTokens;
        // Only who asks for both in one request is told that they cannot be had.
        if (asked.MinimumNewTokens is null || asked.Length is null or ChatLengths.Rest || maximum < lengths.Answer(fit.PromptTokens, asked)) minimum = Math.Min(minimum, maximum);
        GenerationOptions made = given with
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
            LogitBias = asked.LogitBias is { } biases ? Sum(given.LogitBias, biases) : given.LogitBias,
            BadWordIds = asked.BadWords.Count == 0 ? given.BadWordIds : [.. given.BadWordIds, .. asked.BadWords.SelectMany(SpellingsOf)],
            NoRepeatNGramSize = asked.NoRepeatNGramSize is { } run ? run > 0 ? run : null : given.NoRepeatNGramSize,
            LogProbabilities = asked.NoLogProbabilities ? null : asked.LogProbabilities ?? given.LogProbabilities,
            PromptLogProbabilities = asked.PromptLogProbabilities ?? given.PromptLogProbabilities,
            Grammar = RequestFault.CheckedForm(() => grammars.Of(asked, options.JsonWhitespace)) ?? (asked.AnyText ? null : given.Grammar),
            RepetitionPenalty = asked.RepetitionPenalty ?? given.RepetitionPenalty,
            FrequencyPenalty = Exact(chatOptions?.FrequencyPenalty) ?? given.FrequencyPenalty,
            PresencePenalty = Exact(chatOptions?.PresencePenalty) ?? given.PresencePenalty,
            Seed = SeedOf(chatOptions?.Seed),
            StopTokenIds = StopTokens(asked),
        };
        made.Validate(config.VocabularySize);
        return made;
    }

    /// <summary>A request's own seed as it is where it is an int, else mixed into one; without one, another for each request.</summary>
    private int SeedOf(long? asked)
    {
        if (asked is >= int.MinValue and <= int.MaxValue) return (int)asked;
        ulong mixed = (asked is { } own ? new SplitMix64(unchecked((ulong)own)) : new SplitMix64(generation.Seed, Interlocked.Increment(ref requests))).Next();
        return unchecked((int)(mixed ^ (mixed >> 32)));
    }

    /// <summary>What both add to the scores: a token that the client forbids stays forbidden.</summary>
    private static IReadOnlyDictionary<int, double> Sum(IReadOnlyDictionary<int, double> given, IReadOnlyDictionary<int, double> asked)
    {
        if (given.Count == 0) return asked;
        var sums = new Dictionary<int, double>(given);
        foreach ((int token, double bias) in asked)
        {
            double sum = sums.GetValueOrDefault(token) + bias;
            sums[token] = double.IsFinite(sum) ? Math.Clamp(sum, -float.MaxValue, float.MaxValue) : sum;
        }

        return sums;
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
