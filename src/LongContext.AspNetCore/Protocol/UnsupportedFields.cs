using System.Text.Json;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Fields that would change the answer and cannot: refused, so that nobody takes an answer for what was not made. Those at their default are let through.</summary>
internal static class UnsupportedFields
{
    public static void RefuseInChat(JsonFields fields)
    {
        RefuseShared(fields);
        bool none = fields.Find("tool_choice") is { ValueKind: JsonValueKind.String } choice && JsonFields.Text(choice, "tool_choice") == "none";
        if (!none && fields.Array("tools") is { } tools && tools.Any()) throw ProtocolException.Unsupported("'tools' is given, but tools are not supported: leave it out, or send 'tool_choice': \"none\".", "tools");
        if (fields.Array("functions") is { } functions && functions.Any()) throw ProtocolException.Unsupported("'functions' is given, but tools are not supported.", "functions");
        if (fields.Boolean("logprobs") == true) throw ProtocolException.Unsupported("'logprobs' is true, but log-probabilities are not supported.", "logprobs");
        if (fields.Whole("top_logprobs", 0, 20) > 0) throw ProtocolException.Unsupported("'top_logprobs' is given, but log-probabilities are not supported.", "top_logprobs");
        if (fields.Find("audio") is not null) throw ProtocolException.Unsupported("'audio' is given, but the model answers in text only.", "audio");
        if (fields.Array("modalities") is not { } modalities) return;
        foreach (JsonElement item in modalities)
        {
            if (JsonFields.Text(item, "modalities") != "text") throw ProtocolException.Unsupported("'modalities' asks for more than text, which is all there is.", "modalities");
        }
    }

    public static void RefuseInCompletions(JsonFields fields)
    {
        RefuseShared(fields);
        if (fields.Whole("logprobs", 0, 5) is not null) throw ProtocolException.Unsupported("'logprobs' is given, but log-probabilities are not supported.", "logprobs");
        if (fields.Whole("best_of", 1, 20) > 1) throw ProtocolException.Unsupported("'best_of' is more than 1, but one answer is all there is.", "best_of");
        if (fields.String("suffix") is { Length: > 0 }) throw ProtocolException.Unsupported("'suffix' is given, but text is gone on with at its end only.", "suffix");
    }

    private static void RefuseShared(JsonFields fields)
    {
        if (fields.Whole("n", 1, 128) > 1) throw ProtocolException.Unsupported("'n' is more than 1, but one answer is all there is: send several requests.", "n");
        if (fields.Object("logit_bias") is not null && fields.Find("logit_bias") is { } bias && bias.EnumerateObject().Any())
            throw ProtocolException.Unsupported("'logit_bias' is given, but is not supported.", "logit_bias");
    }
}
