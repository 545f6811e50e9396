using System.Security.Cryptography;
using System.Text;

namespace LongContext.Chat.Templates;

/// <summary>
/// A template reduced to what it does: layout inside the tags, comments, the kind of quotes, and white space that its own marks
/// or transformers' settings (trim_blocks, lstrip_blocks) remove are gone. Two templates with the same fingerprint do the same.
/// </summary>
internal sealed class ChatTemplateText
{
    /// <summary>Stands in the canonical text where a default system prompt stood.</summary>
    private const string Placeholder = "\u0000";

    private ChatTemplateText(string fingerprint, string? defaultSystem)
    {
        Fingerprint = fingerprint;
        DefaultSystem = defaultSystem;
    }

    /// <summary>The first half of the canonical text's SHA-256, in lower-case hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>The default system prompt of a ChatML template, which is not part of the fingerprint; null where there is none.</summary>
    public string? DefaultSystem { get; }

    public static ChatTemplateText Read(string template)
    {
        List<TemplatePart> parts = TemplateLexer.Split(template);
        string? system = parts.Where(part => part.IsString).Select(part => SystemOf(part.Text)).FirstOrDefault(text => text is not null);
        var canonical = new StringBuilder();
        foreach (TemplatePart part in parts)
        {
            string text = part.Text;
            if (system is not null && part.IsString)
                text = text == system ? Placeholder : SystemOf(text) == system ? Wrap(Placeholder) : text;
            // The length in front keeps parts apart whatever they hold.
            canonical.Append(part.Kind).Append(text.Length).Append(':').Append(text).Append('\n');
        }

        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString()));
        return new ChatTemplateText(Convert.ToHexStringLower(hash.AsSpan(0, hash.Length / 2)), system);
    }

    private static string? SystemOf(string literal)
    {
        const string Open = "<|im_start|>system\n", Close = "<|im_end|>\n";
        if (!literal.StartsWith(Open, StringComparison.Ordinal) || !literal.EndsWith(Close, StringComparison.Ordinal)) return null;
        if (literal.Length <= Open.Length + Close.Length) return null;
        string system = literal[Open.Length..^Close.Length];
        return system.Contains("<|im_", StringComparison.Ordinal) || system.Contains(TemplateLexer.Unknown) ? null : system;
    }

    private static string Wrap(string system) => $"<|im_start|>system\n{system}<|im_end|>\n";
}
