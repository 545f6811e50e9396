using System.Globalization;
using System.Text.Json;
using LongContext.Evaluation;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Fields that chat options have no member for, under OpenAI's names, vLLM's where OpenAI has none, and transformers' and llama.cpp's where vLLM has none either.</summary>
internal static class SamplingFields
{
    /// <summary>Characters of a salt.</summary>
    private const int LongestSalt = 1024;

    /// <summary>As of OpenAI.</summary>
    private const int MostAlternatives = 20;

    /// <summary>vLLM's field for log-probabilities of the prompt's tokens.</summary>
    public const string PromptLogprobs = ChatOptionKeys.PromptLogProbabilities;

    /// <summary>Reads what both kinds of requests share.</summary>
    public static void Read(JsonFields fields, OpenAIServerOptions limits, ChatOptions options)
    {
        Set(options, ChatOptionKeys.LogitBias, LogitBias(fields, limits));
        Set(options, ChatOptionKeys.MinP, fields.Double(ChatOptionKeys.MinP, 0, 1));
        Set(options, ChatOptionKeys.TypicalP, fields.Positive(ChatOptionKeys.TypicalP, 1));
        Set(options, ChatOptionKeys.TopNSigma, fields.Double(ChatOptionKeys.TopNSigma, 0, float.MaxValue));
        Set(options, ChatOptionKeys.RepetitionPenalty, fields.Positive(fields.Named(ChatOptionKeys.RepetitionPenalty, "repeat_penalty"), float.MaxValue));
        Set(options, ChatOptionKeys.NoRepeatNGramSize, (int?)fields.Whole(ChatOptionKeys.NoRepeatNGramSize, 0, int.MaxValue));
        Set(options, ChatOptionKeys.StopTokenIds, StopTokenIds(fields, limits));
        Set(options, ChatOptionKeys.BadWords, BadWords(fields, limits));
        Set(options, ChatOptionKeys.IgnoreEndOfSentence, fields.Boolean(ChatOptionKeys.IgnoreEndOfSentence));
        if (!limits.AllowsPriority && fields.Whole(ChatOptionKeys.Priority, -int.MaxValue, int.MaxValue) is not (null or 0))
            throw ProtocolException.Unsupported($"'{ChatOptionKeys.Priority}' is given, but the server lets no request say it: leave it out.", ChatOptionKeys.Priority);
        Set(options, ChatOptionKeys.Priority, (int?)fields.Whole(ChatOptionKeys.Priority, -int.MaxValue, int.MaxValue));
        Set(options, ChatOptionKeys.CacheSalt, Salt(fields));
    }

    /// <summary>A chat's "logprobs", true or false, and "top_logprobs".</summary>
    public static void ReadChatLogprobs(JsonFields fields, ChatOptions options)
    {
        bool? flag = fields.Boolean(ChatOptionKeys.LogProbabilities);
        bool asked = flag == true;
        long? count = fields.Whole(ChatOptionKeys.TopLogProbabilities, 0, MostAlternatives);
        if (count > 0 && !asked) throw ProtocolException.Bad("'top_logprobs' goes with 'logprobs': true only.", ChatOptionKeys.TopLogProbabilities);
        if (asked) SetLogprobs(options, count ?? 0);
        else Set(options, ChatOptionKeys.LogProbabilities, flag);
    }

    /// <summary>A completion's "logprobs", a number.</summary>
    public static void ReadTextLogprobs(JsonFields fields, ChatOptions options)
    {
        if (TextLogprobs(fields) is { } count) SetLogprobs(options, count);
    }

    /// <summary>A completion's "logprobs": for how many of the likeliest tokens besides each; null where none are wanted.</summary>
    public static int? TextLogprobs(JsonFields fields) => (int?)fields.Whole(ChatOptionKeys.LogProbabilities, 0, MostAlternatives);

    /// <summary>vLLM's "prompt_logprobs": for how many of the likeliest tokens besides each of the prompt's; null where none are wanted.</summary>
    public static int? ReadPromptLogprobs(JsonFields fields) => (int?)fields.Whole(PromptLogprobs, 0, MostAlternatives);

    private static void SetLogprobs(ChatOptions options, long count)
    {
        Set(options, ChatOptionKeys.LogProbabilities, true);
        Set(options, ChatOptionKeys.TopLogProbabilities, (int)count);
    }

    private static void Set(ChatOptions options, string key, object? value)
    {
        if (value is not null) (options.AdditionalProperties ??= [])[key] = value;
    }

    private static Dictionary<int, double>? LogitBias(JsonFields fields, OpenAIServerOptions limits)
    {
        const string field = ChatOptionKeys.LogitBias;
        if (fields.Find(field) is not { } given) return null;
        if (given.ValueKind == JsonValueKind.Array) return BiasPairs(given, limits);
        if (given.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(field, "an object of numbers by token ids", given);
        var biases = new Dictionary<int, double>();
        foreach (JsonProperty entry in given.EnumerateObject())
        {
            if (biases.Count == limits.MaximumNamedTokens) throw ProtocolException.Bad($"'{field}' has more than the {limits.MaximumNamedTokens} tokens that may be.", field);
            string name = Name(entry);
            if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int token)) throw ProtocolException.Bad($"'{field}' has \"{Shown(name)}\", expected a token id.", field);
            if (!biases.TryAdd(token, JsonFields.Double(entry.Value, $"{field}.{token}", -100, 100))) throw ProtocolException.Bad($"'{field}' has token {token} twice.", field);
        }

        return biases.Count > 0 ? biases : null;
    }

    /// <summary>llama.cpp's form: pairs of a token id and a number, or false for never.</summary>
    private static Dictionary<int, double>? BiasPairs(JsonElement given, OpenAIServerOptions limits)
    {
        const string field = ChatOptionKeys.LogitBias;
        var biases = new Dictionary<int, double>();
        foreach (JsonElement item in given.EnumerateArray())
        {
            if (biases.Count == limits.MaximumNamedTokens) throw ProtocolException.Bad($"'{field}' has more than the {limits.MaximumNamedTokens} tokens that may be.", field);
            string name = $"{field}[{biases.Count}]";
            if (item.ValueKind != JsonValueKind.Array || item.GetArrayLength() != 2 || item[0].ValueKind != JsonValueKind.Number || !item[0].TryGetInt32(out int token) || token < 0)
                throw ProtocolException.Bad($"'{name}' is not what was expected, a token id and a number or false.", name);
            double bias = item[1].ValueKind == JsonValueKind.False ? double.NegativeInfinity : JsonFields.Double(item[1], name, -100, 100);
            if (!biases.TryAdd(token, bias)) throw ProtocolException.Bad($"'{field}' has token {token} twice.", field);
        }

        return biases.Count > 0 ? biases : null;
    }

    private static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw ProtocolException.Bad($"'{ChatOptionKeys.LogitBias}' has a name that is no valid text.", ChatOptionKeys.LogitBias);
        }
    }

    private static List<int>? StopTokenIds(JsonFields fields, OpenAIServerOptions limits)
    {
        const string field = ChatOptionKeys.StopTokenIds;
        if (fields.Array(field) is not { } given) return null;
        List<int> ids = [];
        foreach (JsonElement item in given)
        {
            if (ids.Count == limits.MaximumNamedTokens) throw ProtocolException.Bad($"'{field}' has more than the {limits.MaximumNamedTokens} tokens that may be.", field);
            string name = $"{field}[{ids.Count}]";
            if (item.ValueKind != JsonValueKind.Number) throw JsonFields.Wrong(name, "a token id", item);
            ids.Add(item.TryGetInt32(out int id) && id >= 0 ? id : throw ProtocolException.Bad($"'{name}' is {Shown(item.GetRawText())}, expected a token id.", name));
        }

        return ids.Count > 0 ? ids : null;
    }

    private static List<string>? BadWords(JsonFields fields, OpenAIServerOptions limits)
    {
        const string field = ChatOptionKeys.BadWords;
        if (fields.Array(field) is not { } given) return null;
        List<string> words = [];
        foreach (JsonElement item in given)
        {
            if (words.Count == limits.MaximumNamedTokens) throw ProtocolException.Bad($"'{field}' has more than the {limits.MaximumNamedTokens} texts that may be.", field);
            string name = $"{field}[{words.Count}]", text = JsonFields.Text(item, name);
            if (text.Length == 0) throw ProtocolException.Bad($"'{name}' is empty.", name);
            if (text.Length > limits.MaximumStopStringLength) throw ProtocolException.Bad($"'{name}' has {text.Length} characters, expected at most {limits.MaximumStopStringLength}.", name);
            words.Add(text);
        }

        return words.Count > 0 ? words : null;
    }

    private static string? Salt(JsonFields fields)
    {
        if (fields.String(ChatOptionKeys.CacheSalt) is not { } salt) return null;
        return salt.Length is > 0 and <= LongestSalt ? salt
            : throw ProtocolException.Bad($"'{ChatOptionKeys.CacheSalt}' has {salt.Length} characters, expected 1 to {LongestSalt}.", ChatOptionKeys.CacheSalt);
    }

    private static string Shown(string text) => text.Length > 40 ? text[..(char.IsHighSurrogate(text[39]) ? 39 : 40)] + "…" : text;
}
