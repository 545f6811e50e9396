using System.Text.Json;

namespace LongContext.AspNetCore.Protocol;

/// <summary>Fields that would change the answer and cannot: refused, so that nobody takes an answer for what was not made. Those at their default are let through.</summary>
internal static class UnsupportedFields
{
    public static void RefuseInChat(JsonFields fields)
    {
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
        long answers = fields.Whole("n", 1, 128) ?? 1;
        if (fields.Whole("best_of", 1, 128) is { } best && best != answers) throw ProtocolException.Unsupported($"'best_of' is {best}, but the best of several is not looked for: leave it out, or send 'n' alone.", "best_of");
        if (fields.Find("logprobs") is not null && fields.Boolean("echo") == true)
            throw ProtocolException.Unsupported("'logprobs' is given with 'echo', but the text's own log-probabilities are not supported.", "logprobs");
        if (fields.String("suffix") is { Length: > 0 }) throw ProtocolException.Unsupported("'suffix' is given, but text is gone on with at its end only.", "suffix");
    }
}
