using System.Text.Json;
using LongContext.Hosting;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>What a body asks for, checked, as a chat client takes it.</summary>
internal sealed class GenerationRequest
{
    /// <summary>The model's name as it was asked for; null for the only one.</summary>
    public required string? Model { get; init; }

    /// <summary>What is gone on with, each for itself; several in completions only.</summary>
    public required IReadOnlyList<RequestPrompt> Prompts { get; init; }

    /// <summary>The only prompt, or the first: what is asked about the prompts is the same for all.</summary>
    public RequestPrompt Prompt => Prompts[0];

    /// <summary>What all answers share; <see cref="OptionsOf"/> has the rest.</summary>
    public required ChatOptions Options { get; init; }

    public bool Stream { get; init; }

    /// <summary>Whether a stream says at its end how many tokens there were.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>Answers to each prompt that are asked for.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Answers to all prompts: those to the first, then those to the next.</summary>
    public int Answers => Prompts.Count * Choices;

    /// <summary>Fields that are not known, and were left unheeded.</summary>
    public IReadOnlyList<string> UnknownFields { get; init; } = [];

    /// <summary>The field that says what form the answer has, schema or other; null for none.</summary>
    public string? FormField { get; set; }

    /// <summary>Whether prompts that are echoed may be cut, so that what is left of them is known with the first piece of an answer.</summary>
    public bool CutsEcho => Options.AdditionalProperties?.ContainsKey(Evaluation.ChatOptionKeys.PromptText) == true;

    /// <summary>Keeps what is computed for it to one holder's requests. No name has U+0000 in it, so no salt reaches another's.</summary>
    public void KeepCacheOf(string holder)
    {
        AdditionalPropertiesDictionary properties = Options.AdditionalProperties ??= [];
        properties[Evaluation.ChatOptionKeys.CacheSalt] = holder + "\0" + properties.GetValueOrDefault(Evaluation.ChatOptionKeys.CacheSalt);
    }

    /// <summary>What one answer is asked for with.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="choice">Which of the answers to it.</param>
    /// <remarks>With a seed each answer to a prompt has one of its own, counted up from it, as vLLM does it; other prompts' are the same, so that each is answered as it would be alone.</remarks>
    public ChatOptions OptionsOf(RequestPrompt prompt, int choice)
    {
        ChatOptions own = Options.Clone();
        if (prompt.Tokens is { } tokens) (own.AdditionalProperties ??= [])[Evaluation.ChatOptionKeys.PromptTokenIds] = tokens;
        if (choice == 0) return own;
        // The prompt is one and the same, so the first answer's say it for all.
        own.AdditionalProperties?.Remove(Evaluation.ChatOptionKeys.PromptLogProbabilities);
        own.AdditionalProperties?.Remove(Evaluation.ChatOptionKeys.PromptText);
        if (own.Seed is { } seed) own.Seed = unchecked(seed + choice);
        return own;
    }

    /// <summary>What both kinds of requests share.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="limits">What the server allows.</param>
    /// <param name="prompts">What came before these.</param>
    /// <param name="maximumTokens">Tokens of the answer at most; <see cref="Rest"/> for what is left, null where nobody says.</param>
    /// <param name="lengthField">The field that says it.</param>
    public static GenerationRequest Of(JsonFields fields, OpenAIServerOptions limits, IReadOnlyList<RequestPrompt> prompts, long? maximumTokens, string lengthField)
    {
        IReadOnlyList<string> unknown = KnownFields.Unknown(fields, limits);
        bool stream = fields.Boolean("stream") ?? false;
        bool usage = false;
        if (fields.Object("stream_options") is { } streaming)
        {
            if (!stream) throw ProtocolException.Bad("'stream_options' goes with 'stream': true only.", "stream_options");
            usage = streaming.Boolean("include_usage") ?? false;
        }

        if (limits.MaximumOutputTokens is { } longest && maximumTokens > longest)
            throw ProtocolException.Bad($"{maximumTokens} tokens are asked for, but an answer may have {longest} at most.", lengthField);
        bool isRest = maximumTokens == Rest;
        var options = new ChatOptions
        {
            MaxOutputTokens = isRest ? int.MaxValue : (int?)maximumTokens,
            Temperature = fields.Number("temperature", 0, 2),
            TopP = fields.Number("top_p", 0, 1) is { } share ? share > 0 ? share : throw ProtocolException.Bad("'top_p' is 0, expected more than 0 and at most 1.", "top_p") : null,
            // 0 and -1 are other servers' ways of saying all, which is not what the model's own default may be.
            TopK = fields.Whole("top_k", -1, int.MaxValue) is { } k ? k > 0 ? (int)k : int.MaxValue : null,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2),
            PresencePenalty = fields.Number("presence_penalty", -2, 2),
            // −1 is no seed, as vLLM and llama.cpp have it.
            Seed = fields.Whole("seed", long.MinValue, long.MaxValue) is var seed and not -1 ? seed : null,
            StopSequences = Stops(fields, limits),
        };
        // A limit is not a length that was asked for: what the model has by itself, or room for, counts up to there.
        if (limits.MaximumOutputTokens is { } most && maximumTokens is null or Rest) AnswerLimit.Bound(options, most, isRest);
        string minimum = fields.Named("min_tokens", "min_new_tokens");
        if (fields.Whole(minimum, 0, int.MaxValue) is { } least)
        {
            if (!(maximumTokens is null or Rest) && least > maximumTokens) throw ProtocolException.Bad($"'{minimum}' is {least}, but only {maximumTokens} are asked for at most.", minimum);
            if (least > limits.MaximumOutputTokens) throw ProtocolException.Bad($"'{minimum}' is {least}, but an answer may have {limits.MaximumOutputTokens} at most.", minimum);
            (options.AdditionalProperties ??= [])[Evaluation.ChatOptionKeys.MinimumNewTokens] = (int)least;
        }

        SamplingFields.Read(fields, limits, options);
        PromptFields.Read(fields, limits, options);
        if (prompts[0].Logprobs is not null && stream) throw ProtocolException.Unsupported("'prompt_logprobs' is given with 'stream': true, but comes with whole answers only.", SamplingFields.PromptLogprobs);
        if (prompts[0].Alternatives is { } alternatives) (options.AdditionalProperties ??= [])[Evaluation.ChatOptionKeys.PromptLogProbabilities] = alternatives;
        long choices = fields.Whole("n", 1, 128) ?? 1;
        if (choices > limits.MaximumChoices) throw ProtocolException.Bad($"'n' is {choices}, expected at most {limits.MaximumChoices}: send several requests.", "n");
        if (prompts.Count > 1 && prompts.Count * choices > limits.MaximumPrompts)
            throw ProtocolException.Bad($"'n' is {choices}, which makes {prompts.Count * choices} answers to {prompts.Count} prompts, expected at most {limits.MaximumPrompts}: send several requests.", "n");
        return new GenerationRequest { Choices = (int)choices, Model = fields.String("model"), Prompts = prompts, Options = options, Stream = stream, IncludeUsage = usage, UnknownFields = unknown };
    }

    /// <summary>As a length: what window and memory leave; llama.cpp's way of asking for it.</summary>
    public const long Rest = -1;

    /// <summary>Tokens of the answer at most, under OpenAI's name, llama.cpp's or transformers'. Null where nobody says.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="least">0 where the prompt itself is asked about, so that there need be no answer.</param>
    /// <param name="isChat">Whether it may come under the name that chats have for it.</param>
    public static long? Length(JsonFields fields, int least = 1, bool isChat = false)
    {
        string field = LengthField(fields, isChat);
        return fields.Whole(field, Rest, int.MaxValue) == Rest ? Rest : fields.Whole(field, least, int.MaxValue);
    }

    /// <summary>The name that the length comes under.</summary>
    public static string LengthField(JsonFields fields, bool isChat = false) =>
        isChat ? fields.Named("max_completion_tokens", "max_tokens", "n_predict", "max_new_tokens") : fields.Named("max_tokens", "n_predict", "max_new_tokens");

    private static List<string>? Stops(JsonFields fields, OpenAIServerOptions limits)
    {
        if (fields.Find("stop") is not { } stop) return null;
        List<string> stops = [];
        if (stop.ValueKind == JsonValueKind.String) Add(stop, "stop");
        else if (stop.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong("stop", "a string or an array of strings", stop);
        else foreach (JsonElement item in stop.EnumerateArray()) Add(item, $"stop[{stops.Count}]");
        return stops;

        void Add(JsonElement item, string name)
        {
            if (stops.Count == limits.MaximumStopStrings) throw ProtocolException.Bad($"'stop' has more than the {limits.MaximumStopStrings} strings that may be.", "stop");
            string text = JsonFields.Text(item, name);
            if (text.Length == 0) throw ProtocolException.Bad($"'{name}' is empty.", name);
            if (text.Length > limits.MaximumStopStringLength) throw ProtocolException.Bad($"'{name}' has {text.Length} characters, expected at most {limits.MaximumStopStringLength}.", name);
            stops.Add(text);
        }
    }
}
