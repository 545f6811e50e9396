using System.Text.Json;

namespace LongContext.AspNetCore.Protocol;

/// <summary>A completion's "prompt": a text or tokens, or an array of one of these, as clients send that have several.</summary>
internal static class CompletionPrompt
{
    private const string Field = "prompt", Expected = "a string or an array of token ids";

    /// <returns>The text, empty where there are tokens; and the tokens, null where there is text.</returns>
    /// <exception cref="ProtocolException">It is something else, or several.</exception>
    public static (string Text, int[]? Tokens) Read(JsonFields fields)
    {
        JsonElement prompt = fields.Find(Field) ?? throw ProtocolException.Bad($"'{Field}' is missing, expected {Expected}.", Field);
        if (prompt.ValueKind == JsonValueKind.String) return (JsonFields.Text(prompt, Field), null);
        if (prompt.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(Field, Expected, prompt);
        int count = prompt.GetArrayLength();
        if (count == 0) throw ProtocolException.Bad($"'{Field}' is empty, expected {Expected}.", Field);
        JsonElement first = prompt[0];
        if (first.ValueKind == JsonValueKind.Number) return ("", Tokens(prompt, Field));
        if (first.ValueKind is not (JsonValueKind.String or JsonValueKind.Array)) throw JsonFields.Wrong($"{Field}[0]", Expected, first);
        if (count > 1) throw ProtocolException.Unsupported($"'{Field}' has {count} prompts, but only one is supported: send one request for each.", Field);
        return first.ValueKind == JsonValueKind.String ? (JsonFields.Text(first, $"{Field}[0]"), null) : ("", Tokens(first, $"{Field}[0]"));
    }

    private static int[] Tokens(JsonElement array, string name)
    {
        var ids = new int[array.GetArrayLength()];
        if (ids.Length == 0) throw ProtocolException.Bad($"'{name}' is empty, expected token ids.", name);
        int at = 0;
        foreach (JsonElement item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number) throw JsonFields.Wrong($"{name}[{at}]", "a token id", item);
            ids[at] = item.TryGetInt32(out int id) && id >= 0 ? id : throw ProtocolException.Bad($"'{name}[{at}]' is {JsonFields.Shown(item)}, expected a token id.", $"{name}[{at}]");
            at++;
        }

        return ids;
    }
}
