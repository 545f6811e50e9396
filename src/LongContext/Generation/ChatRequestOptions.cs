using LongContext.Evaluation;
using LongContext.Positions;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Generation;

/// <summary>What a request's chat options ask for, checked.</summary>
internal sealed record ChatRequestOptions
{
    /// <summary>What JSON without a schema means, as for OpenAI's "json_object".</summary>
    private const string AnyObject = """{"type":"object"}""";

    /// <summary>Whether the text is gone on with as it is.</summary>
    public bool Completion { get; private init; }

    /// <summary>The prompt as tokens; null where messages are it.</summary>
    public IReadOnlyList<int>? PromptTokenIds { get; private init; }

    /// <summary>Whether the text that is left of a prompt is to be told.</summary>
    public bool TellsPromptText { get; private init; }

    /// <summary>Whether the last message is gone on with.</summary>
    public bool ContinueFinalMessage { get; private init; }

    /// <summary>Tokens of the answer at most; 0 where the prompt itself is asked about, <see cref="ChatLengths.Rest"/> for what window and memory leave, null for what the client says.</summary>
    public int? Length { get; private init; }

    /// <summary>What a length that is left open comes to at most; null for any.</summary>
    public int? LengthLimit { get; private init; }

    /// <summary>Tokens at least; null for what the client says.</summary>
    public int? MinimumNewTokens { get; private init; }

    /// <summary>Whether to think first; null for what the client says.</summary>
    public bool? EnableThinking { get; private init; }

    /// <summary>Whether thoughts come apart from the answer; null for what the client says.</summary>
    public bool? SeparatesReasoning { get; private init; }

    /// <summary>Whether thoughts are given out at all.</summary>
    public bool ShowsReasoning { get; private init; } = true;

    /// <summary>The JSON schema that the answer must satisfy; null for any text.</summary>
    public string? JsonSchema { get; private init; }

    /// <summary>Whether the schema is to be kept to the letter.</summary>
    public bool IsStrict { get; private init; }

    /// <summary>Blanks in an answer in JSON; null for what the client says.</summary>
    public JsonWhitespace? JsonWhitespace { get; private init; }

    /// <summary>Texts of which the answer is one; none for any text.</summary>
    public IReadOnlyList<string> Choices { get; private init; } = [];

    /// <summary>What the answer must match as a whole; null for any text.</summary>
    public string? Pattern { get; private init; }

    /// <summary>Whether text of any form is asked for by name, whatever the client says.</summary>
    public bool AnyText { get; private init; }

    /// <summary>The functions that the answer may call.</summary>
    public ChatToolOptions Tools { get; private init; } = new();

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> StopStrings { get; private init; } = [];

    /// <summary>Likeliest tokens whose log-probabilities are asked for besides the chosen ones'; null for what the client says.</summary>
    public int? LogProbabilities { get; private init; }

    /// <summary>Whether log-probabilities are refused by name, whatever the client says.</summary>
    public bool NoLogProbabilities { get; private init; }

    /// <summary>Likeliest tokens whose log-probabilities are asked for at each place of the prompt; null for what the client says.</summary>
    public int? PromptLogProbabilities { get; private init; }

    /// <summary>Added to the scores, by token id, besides what the client says; null for nothing.</summary>
    public IReadOnlyDictionary<int, double>? LogitBias { get; private init; }

    public double? MinP { get; private init; }

    public double? TypicalP { get; private init; }

    public double? TopNSigma { get; private init; }

    public double? RepetitionPenalty { get; private init; }

    /// <summary>0 for none; null for what the client says.</summary>
    public int? NoRepeatNGramSize { get; private init; }

    /// <summary>Texts that the answer must not hold, besides what the client says.</summary>
    public IReadOnlyList<string> BadWords { get; private init; } = [];

    /// <summary>Tokens that end the answer besides the model's.</summary>
    public IReadOnlyList<int> StopTokenIds { get; private init; } = [];

    /// <summary>Whether the model's own tokens do not end the answer.</summary>
    public bool IgnoresEnd { get; private init; }

    /// <summary>As the engine counts it: the higher the sooner.</summary>
    public int Priority { get; private init; }

    public string? CacheSalt { get; private init; }

    public PositionRemapping? PositionRemapping { get; private init; }

    public TokenTruncation? Truncation { get; private init; }

    public TokenDropping? Dropping { get; private init; }

    /// <exception cref="NotSupportedException">Something is asked for that the client cannot do.</exception>
    /// <exception cref="ArgumentException">A value cannot be used.</exception>
    public static ChatRequestOptions Read(ChatOptions? options, string modelId, int vocabularySize)
    {
        if (options is null) return new ChatRequestOptions();
        Refuse(options, modelId);
        string[] stops = [.. options.StopSequences ?? []];
        foreach (string? stop in stops)
        {
            if (string.IsNullOrEmpty(stop)) throw new ArgumentException("ChatOptions.StopSequences holds an empty string.", nameof(options));
            if (char.IsLowSurrogate(stop[0]) || char.IsHighSurrogate(stop[^1]))
                throw new ArgumentException($"ChatOptions.StopSequences holds \"{stop}\", which begins or ends with half a character.", nameof(options));
        }

        var more = new ChatOptionValues(options.AdditionalProperties);
        OpenLength? open = more.Instance<OpenLength>(OpenLength.Key);
        bool? detailed = more.Flag(ChatOptionKeys.LogProbabilities);
        int? alternatives = more.Whole(ChatOptionKeys.TopLogProbabilities, 0, vocabularySize, $"0 to the {vocabularySize} tokens of the vocabulary");
        if (alternatives > 0 && detailed != true)
            throw new ArgumentException($"ChatOptions.AdditionalProperties[\"{ChatOptionKeys.TopLogProbabilities}\"] is {alternatives}, but goes with \"{ChatOptionKeys.LogProbabilities}\" = true only.");
        IReadOnlyList<string> choices = more.Texts(ChatOptionKeys.Choices);
        string? pattern = more.Text(ChatOptionKeys.Pattern);
        if ((choices.Count > 0 ? 1 : 0) + (pattern is null ? 0 : 1) + (options.ResponseFormat is ChatResponseFormatJson ? 1 : 0) > 1)
            throw new ArgumentException($"ChatOptions says in more than one way what form the answer has: ResponseFormat, \"{ChatOptionKeys.Choices}\" and \"{ChatOptionKeys.Pattern}\" exclude one another.");
        return new ChatRequestOptions
        {
            Choices = choices,
            Pattern = pattern,
            Completion = more.Flag(ChatOptionKeys.Completion) ?? false,
            PromptTokenIds = more.OptionalTokenIds(ChatOptionKeys.PromptTokenIds, vocabularySize),
            TellsPromptText = more.Flag(ChatOptionKeys.PromptText) ?? false,
            ContinueFinalMessage = more.Flag(ChatOptionKeys.ContinueFinalMessage) ?? false,
            Length = open is null ? options.MaxOutputTokens : open.IsRest ? ChatLengths.Rest : null,
            LengthLimit = open is null ? null : options.MaxOutputTokens,
            MinimumNewTokens = more.Whole(ChatOptionKeys.MinimumNewTokens, 0, int.MaxValue, "a number of tokens, 0 or more"),
            EnableThinking = options.Reasoning?.Effort is { } effort ? effort != ReasoningEffort.None : null,
            SeparatesReasoning = more.Flag(ChatOptionKeys.SeparateReasoning),
            ShowsReasoning = options.Reasoning?.Output != ReasoningOutput.None,
            JsonSchema = options.ResponseFormat is ChatResponseFormatJson json ? json.Schema?.GetRawText() ?? AnyObject : null,
            IsStrict = more.Flag(ChatOptionKeys.StrictSchema) ?? ChatToolOptions.Flag(options.AdditionalProperties) ?? false,
            JsonWhitespace = more.Named<JsonWhitespace>(ChatOptionKeys.JsonWhitespace),
            AnyText = options.ResponseFormat is ChatResponseFormatText,
            Tools = ChatToolOptions.Read(options),
            StopStrings = stops,
            LogProbabilities = detailed == true ? alternatives ?? 0 : null,
            NoLogProbabilities = detailed == false,
            PromptLogProbabilities = more.Whole(ChatOptionKeys.PromptLogProbabilities, 0, vocabularySize, $"0 to the {vocabularySize} tokens of the vocabulary"),
            LogitBias = more.Biases(ChatOptionKeys.LogitBias, vocabularySize),
            MinP = more.Number(ChatOptionKeys.MinP, p => p is >= 0 and <= 1, "0 to 1"),
            TypicalP = more.Number(ChatOptionKeys.TypicalP, p => p is > 0 and <= 1, "more than 0 and at most 1"),
            TopNSigma = more.Number(ChatOptionKeys.TopNSigma, n => n >= 0 && double.IsFinite(n), "0 or more"),
            RepetitionPenalty = more.Number(ChatOptionKeys.RepetitionPenalty, penalty => penalty > 0 && double.IsFinite(penalty), "more than 0"),
            NoRepeatNGramSize = more.Whole(ChatOptionKeys.NoRepeatNGramSize, 0, int.MaxValue, "a number of tokens, or 0 for none"),
            BadWords = more.Texts(ChatOptionKeys.BadWords),
            StopTokenIds = more.TokenIds(ChatOptionKeys.StopTokenIds, vocabularySize),
            IgnoresEnd = more.Flag(ChatOptionKeys.IgnoreEndOfSentence) ?? false,
            // Lower numbers go first there, higher ones here.
            Priority = -(more.Whole(ChatOptionKeys.Priority, -int.MaxValue, int.MaxValue, "a whole number") ?? 0),
            CacheSalt = more.Text(ChatOptionKeys.CacheSalt),
            PositionRemapping = more.Instance<PositionRemapping>(ChatOptionKeys.PositionRemapping),
            Truncation = more.Instance<TokenTruncation>(ChatOptionKeys.TokenTruncation),
            Dropping = more.Instance<TokenDropping>(ChatOptionKeys.TokenDropping),
        };
    }

    private static void Refuse(ChatOptions options, string modelId)
    {
        if (options.ConversationId is { } conversation)
            throw new NotSupportedException($"ChatOptions.ConversationId is \"{conversation}\", but this client keeps no conversations: send all messages each time.");
        if (options.ContinuationToken is not null || options.AllowBackgroundResponses == true)
            throw new NotSupportedException("ChatOptions asks for an answer in the background, which this client does not give.");
        if (options.ModelId is { } asked && asked != modelId)
            throw new ArgumentException($"ChatOptions.ModelId is \"{asked}\", but this client has the model \"{modelId}\" only.", nameof(options));
    }
}
