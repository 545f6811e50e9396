using System.Text.Json;

namespace LongContext.Tokenization;

/// <summary>The roles that tokenizer_config.json gives to tokens, each as a string or as {"content": …}.</summary>
internal sealed record SpecialTokenNames(string? BeginningOfSentence, string? EndOfSentence, string? Unknown)
{
    /// <param name="file">The name that complaints give.</param>
    /// <param name="utf8">The file's bytes; null where there is no such file.</param>
    /// <param name="isToken">Whether the vocabulary has a token.</param>
    public static SpecialTokenNames Read(string file, byte[]? utf8, Func<string, bool> isToken)
    {
        if (utf8 is null) return new SpecialTokenNames(null, null, null);
        using JsonDocument document = JsonField.Parse(file, utf8);
        var root = new JsonField(file, "", document.RootElement);
        return new SpecialTokenNames(Name(root, "bos_token", isToken), Name(root, "eos_token", isToken), Name(root, "unk_token", isToken));
    }

    private static string? Name(JsonField root, string role, Func<string, bool> isToken)
    {
        if (root.Optional(role) is not { } field) return null;
        if (field.Value.ValueKind == JsonValueKind.Object) field = field.Required("content");
        string token = field.Text();
        return isToken(token) ? token : throw field.Fault($"\"{token}\" is not among the tokens of the vocabulary");
    }
}
