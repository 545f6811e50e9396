using System.Text.Json;

namespace LongContext.Tokenization;

/// <summary>The roles that tokenizer_config.json gives to tokens, each as a string or as {"content": …}.</summary>
internal sealed record SpecialTokenNames(string? BeginningOfSentence, string? EndOfSentence, string? Unknown, string? Padding)
{
    public static SpecialTokenNames None { get; } = new(null, null, null, null);

    /// <param name="file">The name that complaints give.</param>
    /// <param name="utf8">The file's bytes; null where there is no such file.</param>
    /// <param name="isToken">Whether the vocabulary has a token.</param>
    public static SpecialTokenNames Read(string file, byte[]? utf8, Func<string, bool> isToken)
    {
        if (utf8 is null) return None;
        using JsonDocument document = JsonField.Parse(file, utf8);
        var root = new JsonField(file, "", document.RootElement);
        return new SpecialTokenNames(
            Name(root, "bos_token", isToken), Name(root, "eos_token", isToken), Name(root, "unk_token", isToken), Text(root, "pad_token"));
    }

    private static string? Name(JsonField root, string role, Func<string, bool> isToken)
    {
        if (Text(root, role) is not { } token) return null;
        return isToken(token) ? token : throw root.Required(role).Fault($"\"{token}\" is not among the tokens of the vocabulary");
    }

    /// <summary>Padding is not asked for: nothing here pads, and a token that was never added has no id.</summary>
    private static string? Text(JsonField root, string role)
    {
        if (root.Optional(role) is not { } field) return null;
        return (field.Value.ValueKind == JsonValueKind.Object ? field.Required("content") : field).Text();
    }
}
