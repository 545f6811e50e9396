using System.Text.Json;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Fields that would change the answer and cannot: refused, so that nobody takes an answer for what was not made. Those at their default are let through.</summary>
internal static class UnsupportedFields
{
    /// <summary>Other servers' fields that have no value by which they do nothing but empty ones.</summary>
    private static readonly string[] Always =
    [
        "allowed_token_ids", "guided_grammar", "chat_template", // vLLM
        "grammar", "samplers", "lora", "image_data", "multimodal_data", // llama.cpp
        "ebnf", "structural_tag", "custom_logit_processor", // SGLang
        "logits_processors", "sequence_bias", "stop_strings", "begin_suppress_tokens", "forced_eos_token_id", // transformers
        "web_search_options",
    ];

    /// <summary>Other servers' numbers that would change the answer, with the value at which they do nothing.</summary>
    private static readonly (string Field, double Nothing)[] Numbers =
    [
        ("mirostat", 0), ("tfs_z", 1), ("top_a", 0), ("dry_multiplier", 0), ("xtc_probability", 0), ("dynatemp_range", 0), ("n_probs", 0), ("t_max_predict_ms", 0), // llama.cpp
        ("num_beams", 1), ("penalty_alpha", 0), ("guidance_scale", 1), ("epsilon_cutoff", 0), ("eta_cutoff", 0), ("encoder_repetition_penalty", 1), // transformers
    ];

    /// <summary>Those that are refused unless they say nothing.</summary>
    public static IEnumerable<string> Names => Always.Concat(Numbers.Select(number => number.Field));

    public static void RefuseInChat(JsonFields fields)
    {
        RefuseInAll(fields);
        RefuseBestOf(fields);
        // A chat's template writes the special tokens itself.
        RefuseWhere(fields, "add_special_tokens", true);
        RefuseTemplateValues(fields);
        // vLLM's, for the last message before the answer.
        RefuseWhere(fields, "echo", true);
        if (fields.Array("documents") is { } documents && documents.Any()) throw ProtocolException.Unsupported("'documents' is given, but no template's place for documents is used: send their text in a message.", "documents");
        if (fields.Array("functions") is { } functions && functions.Any()) throw ProtocolException.Unsupported("'functions' is given, which is the old name: send 'tools'.", "functions");
        if (fields.Find("function_call") is not null) throw ProtocolException.Unsupported("'function_call' is given, which is the old name: send 'tool_choice'.", "function_call");
        if (fields.Find("audio") is not null) throw ProtocolException.Unsupported("'audio' is given, but the model answers in text only.", "audio");
        if (fields.Array("modalities") is not { } modalities) return;
        foreach (JsonElement item in modalities)
        {
            if (JsonFields.Text(item, "modalities") != "text") throw ProtocolException.Unsupported("'modalities' asks for more than text, which is all there is.", "modalities");
        }
    }

    /// <param name="fields">The body.</param>
    /// <param name="isText">Whether the prompt is text: to tokens none are added, whatever is said.</param>
    public static void RefuseInCompletions(JsonFields fields, bool isText)
    {
        RefuseInAll(fields);
        RefuseBestOf(fields);
        if (isText) RefuseWhere(fields, "add_special_tokens", false);
        if (fields.String("suffix") is { Length: > 0 }) throw ProtocolException.Unsupported("'suffix' is given, but text is gone on with at its end only.", "suffix");
    }

    private static void RefuseInAll(JsonFields fields)
    {
        foreach (string field in Always)
        {
            if (fields.Find(field) is { } given && !IsEmpty(given)) throw ProtocolException.Unsupported($"'{field}' is given, but is not supported: leave it out.{Instead(field)}", field);
        }

        foreach ((string field, double nothing) in Numbers)
        {
            if (fields.Find(field) is not { } given) continue;
            if (given.ValueKind != JsonValueKind.Number) throw JsonFields.Wrong(field, "a number", given);
            if (!given.TryGetDouble(out double number) || number != nothing)
                throw ProtocolException.Unsupported(FormattableString.Invariant($"'{field}' is given, but is not supported: leave it out, or send {nothing}.{Instead(field)}"), field);
        }

        // Penalties here see the whole text.
        if (fields.Whole("repeat_last_n", -1, int.MaxValue) is >= 0 && fields.Double("repeat_penalty", 0, float.MaxValue) is not (null or 1))
            throw ProtocolException.Unsupported("'repeat_last_n' is given, but a penalty sees the whole text: leave it out, or send -1.", "repeat_last_n");
        if (fields.Boolean("do_sample") == false && fields.Double("temperature", 0, 2) is not 0)
            throw ProtocolException.Unsupported("'do_sample' is false, but a temperature says that here: send 'temperature': 0.", "do_sample");
        if (fields.String("verbosity") is not (null or "medium")) throw ProtocolException.Unsupported("'verbosity' is given, but is not supported: leave it out.", "verbosity");
        RefuseWhere(fields, "include_stop_str_in_output", true);
        RefuseWhere(fields, "skip_special_tokens", false);
        RefuseWhere(fields, "use_beam_search", true);
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.ValueEquals(""),
        _ => value.ValueKind == JsonValueKind.False,
    };

    private static void RefuseWhere(JsonFields fields, string field, bool value)
    {
        if (fields.Boolean(field) == value) throw ProtocolException.Unsupported($"'{field}' is {(value ? "true" : "false")}, but only {(value ? "false" : "true")} is supported: leave it out.", field);
    }

    private static void RefuseBestOf(JsonFields fields)
    {
        long answers = fields.Whole("n", 1, 128) ?? 1;
        if (fields.Whole("best_of", 1, 128) is { } best && best != answers) throw ProtocolException.Unsupported($"'best_of' is {best}, but the best of several is not looked for: leave it out, or send 'n' alone.", "best_of");
    }

    private static void RefuseTemplateValues(JsonFields fields)
    {
        const string field = "chat_template_kwargs";
        if (fields.Find(field) is not { } given) return;
        if (given.ValueKind != JsonValueKind.Object) throw JsonFields.Wrong(field, "an object", given);
        JsonFields.RequireText(given, field);
        foreach (JsonProperty value in given.EnumerateObject())
        {
            if (value.Value.ValueKind == JsonValueKind.Null || value.NameEquals("enable_thinking")) continue;
            string shown = value.Name.Length > 40 ? "…" : value.Name;
            throw ProtocolException.Unsupported($"'{field}.{shown}' is given, but of a template's own values only 'enable_thinking' is supported: leave it out.", $"{field}.{shown}");
        }
    }

    private static string Instead(string field) => field switch
    {
        "guided_grammar" or "grammar" or "ebnf" => " 'response_format' takes a JSON schema, 'structured_outputs' a choice or a regular expression.",
        "n_probs" => " 'logprobs' asks for probabilities.",
        "stop_strings" => " 'stop' takes strings.",
        _ => "",
    };
}
