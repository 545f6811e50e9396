using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

public sealed partial record GenerationConfig
{
    /// <summary>Such a file is some hundred bytes; lists of suppressed tokens have made some larger.</summary>
    private const long MaximumBytes = 16 << 20;

    /// <summary>Fields of transformers' that change answers and have no counterpart here, each with the number at which it does nothing; of other kinds, null and false do nothing.</summary>
    private static readonly Dictionary<string, double?> Unsupported = new(StringComparer.Ordinal)
    {
        ["begin_suppress_tokens"] = null,
        ["diversity_penalty"] = 0,
        ["dola_layers"] = null,
        ["encoder_no_repeat_ngram_size"] = 0,
        ["encoder_repetition_penalty"] = 1,
        ["epsilon_cutoff"] = 0,
        ["eta_cutoff"] = 0,
        ["exponential_decay_length_penalty"] = null,
        ["forced_bos_token_id"] = null,
        ["forced_eos_token_id"] = null,
        ["guidance_scale"] = 1,
        ["max_time"] = null,
        ["min_length"] = 0,
        ["num_beams"] = 1,
        ["penalty_alpha"] = 0,
        ["sequence_bias"] = null,
        ["stop_strings"] = null,
        ["top_h"] = 1,
        ["watermarking_config"] = null,
    };

    private static GenerationConfig Read(JsonObject json, string sourceName)
    {
        var fields = new ConfigFields(json, sourceName);
        int? most = Whole(fields, "max_new_tokens", 1), least = Whole(fields, "min_new_tokens", 0);
        if (least > most) throw fields.Fault("min_new_tokens", $"is {least}, expected at most max_new_tokens ({most})");
        return new GenerationConfig
        {
            EndOfSentenceTokenIds = Ids(fields, "eos_token_id"),
            DoSample = fields.OptionalBool("do_sample") ?? false,
            Temperature = Number(fields, "temperature", value => value >= 0, "0 or more"),
            TopK = Whole(fields, "top_k", 0),
            TopP = Number(fields, "top_p", value => value is >= 0 and <= 1, "0 to 1"),
            MinP = Number(fields, "min_p", value => value is >= 0 and <= 1, "0 to 1"),
            TypicalP = Number(fields, "typical_p", value => value is > 0 and <= 1, "more than 0 and at most 1"),
            RepetitionPenalty = Number(fields, "repetition_penalty", value => value > 0, "more than 0"),
            NoRepeatNGramSize = Whole(fields, "no_repeat_ngram_size", 0),
            MaximumNewTokens = most,
            MaximumLength = Whole(fields, "max_length", 1),
            MinimumNewTokens = least,
            BadWordIds = BadWords(fields),
            SuppressedTokenIds = Ids(fields, "suppress_tokens"),
            UnusedFields = [.. json.Where(field => Unsupported.TryGetValue(field.Key, out double? nothing) && Counts(field.Value, nothing)).Select(field => field.Key).Order(StringComparer.Ordinal)],
        };
    }

    private static int? Whole(ConfigFields fields, string key, int least)
    {
        int? value = fields.OptionalInt(key);
        return value >= least || value is null ? value : throw fields.Fault(key, $"is {value}, expected at least {least}");
    }

    private static double? Number(ConfigFields fields, string key, Func<double, bool> fits, string expected)
    {
        double? value = fields.OptionalDouble(key);
        return value is not { } number || (double.IsFinite(number) && fits(number)) ? value
            : throw fields.Fault(key, string.Create(CultureInfo.InvariantCulture, $"is {number}, expected {expected}"));
    }

    private static IReadOnlyList<int> Ids(ConfigFields fields, string key)
    {
        IReadOnlyList<int> ids = fields.OptionalIntOrInts(key) ?? [];
        foreach (int id in ids)
        {
            if (id < 0) throw fields.Fault(key, $"holds {id}, expected at least 0");
        }

        return ids;
    }

    private static List<IReadOnlyList<int>> BadWords(ConfigFields fields)
    {
        const string key = "bad_words_ids", expected = "an array of arrays of token ids, none empty";
        if (fields.Json[key] is not { } given) return [];
        if (given is not JsonArray words) throw fields.Fault(key, $"is {Shown(given)}, expected {expected}");
        List<IReadOnlyList<int>> found = [];
        foreach (JsonNode? word in words)
        {
            if (word is not JsonArray { Count: > 0 } ids) throw fields.Fault(key, $"holds {Shown(word)}, expected {expected}");
            found.Add([.. ids.Select(id => id is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int number) && number >= 0 ? number
                : throw fields.Fault(key, $"holds {Shown(id)}, expected {expected}"))]);
        }

        return found;
    }

    private static bool Counts(JsonNode? value, double? nothing) => value switch
    {
        null => false,
        JsonArray list => list.Count > 0,
        JsonObject map => map.Count > 0,
        JsonValue only => only.GetValueKind() switch
        {
            JsonValueKind.False => false,
            JsonValueKind.Number => !(only.TryGetValue(out double number) && number == nothing),
            _ => true,
        },
        _ => true,
    };

    private static string Shown(JsonNode? node)
    {
        const int longest = 60;
        string text = node?.ToJsonString() ?? "null";
        return text.Length > longest ? text[..longest] + "…" : text;
    }
}
