using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LongContext.AspNetCore.Protocol;

/// <summary>A completion's "prompt": a text or tokens, or an array of several of either.</summary>
internal static class CompletionPrompt
{
    private const string Field = "prompt", Expected = "a string, an array of token ids, or an array of several of either";

    /// <returns>The prompts, one at least; all are text, or all tokens.</returns>
    /// <exception cref="ProtocolException">It is something else, or there are more than may be.</exception>
    public static List<RequestPrompt> Read(JsonFields fields, OpenAIServerOptions limits)
    {
        JsonElement prompt = fields.Find(Field) ?? throw ProtocolException.Bad($"'{Field}' is missing, expected {Expected}.", Field);
        if (prompt.ValueKind == JsonValueKind.String) return [Text(prompt, Field)];
        if (prompt.ValueKind != JsonValueKind.Array) throw JsonFields.Wrong(Field, Expected, prompt);
        int count = prompt.GetArrayLength();
        if (count == 0) throw ProtocolException.Bad($"'{Field}' is empty, expected {Expected}.", Field);
        JsonValueKind kind = prompt[0].ValueKind;
        if (kind == JsonValueKind.Number) return [Tokens(prompt, Field)];
        if (kind is not (JsonValueKind.String or JsonValueKind.Array)) throw JsonFields.Wrong($"{Field}[0]", "a string, a token id or an array of token ids", prompt[0]);
        if (count > limits.MaximumPrompts) throw ProtocolException.Bad($"'{Field}' has {count} prompts, expected at most {limits.MaximumPrompts}: send several requests.", Field);
        List<RequestPrompt> prompts = new(count);
        foreach (JsonElement item in prompt.EnumerateArray())
        {
            string name = $"{Field}[{prompts.Count}]";
            if (item.ValueKind != kind) throw JsonFields.Wrong(name, kind == JsonValueKind.String ? "a string, as the first is" : "an array of token ids, as the first is", item);
            RequestPrompt read = kind == JsonValueKind.String ? Text(item, name) : Tokens(item, name);
            prompts.Add(count == 1 ? read : read with { Place = prompts.Count });
        }

        return prompts;
    }

    private static RequestPrompt Text(JsonElement text, string name) => new(Field, [new ChatMessage(ChatRole.User, JsonFields.Text(text, name))]);

    private static RequestPrompt Tokens(JsonElement array, string name)
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

        return new RequestPrompt(Field, [new ChatMessage(ChatRole.User, "")]) { Tokens = ids };
    }
}
