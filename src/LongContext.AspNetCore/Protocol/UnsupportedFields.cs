using System.Text.Json;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Fields that would change the answer and cannot: refused, so that nobody takes an answer for what was not made. Those at their default are let through.</summary>
internal static class UnsupportedFields
{
    /// <summary>Other servers' fields that have no value by which they do nothing.</summary>
    private static readonly string[] Always =
    [
        "truncate_prompt_tokens", "prompt_logprobs", "allowed_token_ids", "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "chat_template",
    ];

    public static void RefuseInChat(JsonFields fields)
    {
        RefuseInAll(fields);
        RefuseBestOf(fields);
        // A chat's template writes the special tokens itself.
        RefuseWhere(fields, "add_special_tokens", true);
        RefuseTemplateValues(fields);
        bool none = fields.Find("tool_choice") is { ValueKind: JsonValueKind.String } choice && JsonFields.Text(choice, "tool_choice") == "none";
        if (!none && fields.Array("tools") is { } tools && tools.Any()) throw ProtocolException.Unsupported("'tools' is given, but tools are not supported: leave it out, or send 'tool_choice': \"none\".", "tools");
        if (fields.Array("functions") is { } functions && functions.Any()) throw ProtocolException.Unsupported("'functions' is given, but tools are not supported.", "functions");
        if (fields.Find("audio") is not null) throw ProtocolException.Unsupported("'audio' is given, but the model answers in text only.", "audio");
        if (fields.Array("modalities") is not { } modalities) return;
        foreach (JsonElement item in modalities)
        {
            if (JsonFields.Text(item, "modalities") != "text") throw ProtocolException.Unsupported("'modalities' asks for more than text, which is all there is.", "modalities");
        }
    }

    public static void RefuseInCompletions(JsonFields fields)
    {
        RefuseInAll(fields);
        RefuseBestOf(fields);
        RefuseWhere(fields, "add_special_tokens", false);
        if (fields.Find("logprobs") is not null && fields.Boolean("echo") == true)
            throw ProtocolException.Unsupported("'logprobs' is given with 'echo', but the text's own log-probabilities are not supported.", "logprobs");
        if (fields.String("suffix") is { Length: > 0 }) throw ProtocolException.Unsupported("'suffix' is given, but text is gone on with at its end only.", "suffix");
    }
    private static void RefuseInAll(JsonFields fields)
    {
        foreach (string field in Always)
        {
            if (fields.Find(field) is not null) throw ProtocolException.Unsupported($"'{field}' is given, but is not supported: leave it out.{Instead(field)}", field);
        }

        // llama.cpp's; empty is none.
        if (fields.Find("grammar") is { } grammar && !(grammar.ValueKind == JsonValueKind.String && JsonFields.Text(grammar, "grammar").Length == 0))
            throw ProtocolException.Unsupported($"'grammar' is given, but is not supported: leave it out.{Instead("guided_grammar")}", "grammar");
        RefuseWhere(fields, "include_stop_str_in_output", true);
        RefuseWhere(fields, "skip_special_tokens", false);
        RefuseWhere(fields, "use_beam_search", true);
    }

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

    private static string Instead(string field) => field.StartsWith("guided_", StringComparison.Ordinal) || field == "structured_outputs" ? " 'response_format' takes a JSON schema." : "";
}
