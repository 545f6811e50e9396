using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>llama.cpp's name for how a byte-level tokenizer.json splits text into words.</summary>
internal static class PreTokenizerName
{
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string UpperWord = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string LowerWord = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string Punctuation = @" ?[^\s\p{L}\p{N}]+[\r\n]*|";
    private const string PunctuationOrSlash = @" ?[^\s\p{L}\p{N}]+[\r\n/]*|";

    /// <summary>The patterns that llama.cpp has by a name, and whether a word that is a token is taken whole there.</summary>
    private static readonly Dictionary<(string Pattern, bool IgnoresMerges), string> Names = new()
    {
        [(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", false)] = "gpt-2",
        [(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + Punctuation + Spaces, true)] = "llama-bpe",
        [(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + Punctuation + Spaces, false)] = "dbrx",
        [(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + Punctuation + Spaces, false)] = "qwen2",
        [(UpperWord + "|" + LowerWord + @"|\p{N}|" + PunctuationOrSlash + Spaces, true)] = "tekken",
        [(UpperWord + Contractions + "?|" + LowerWord + Contractions + @"?|\p{N}{1,3}|" + PunctuationOrSlash + Spaces, false)] = "gpt-4o",
    };

    /// <summary>Whether the tokens are written in byte-level's alphabet.</summary>
    public static bool IsByteLevel(TokenizerJson tokenizer) =>
        tokenizer.Root.Optional("pre_tokenizer") is { } field && Parts(field).Any(part => part.Required("type").Text() == "ByteLevel");

    /// <exception cref="NotSupportedException">A way of splitting that llama.cpp has no name for; the message shows it.</exception>
    public static string Read(TokenizerJson tokenizer)
    {
        RequireNormalizer(tokenizer.Root.Optional("normalizer"));
        JsonField field = tokenizer.Root.Required("pre_tokenizer");
        JsonField[] parts = Parts(field);
        JsonField last = parts[^1];
        if (last.Required("type").Text() != "ByteLevel")
            throw last.Unsupported($"a \"{last.Required("type").Text()}\" after ByteLevel in a GGUF file", "ByteLevel as the last");
        if (last.Flag("add_prefix_space")) throw last.Unsupported("add_prefix_space in a GGUF file", "false");
        bool splits = last.Optional("use_regex")?.Flag() ?? true;
        return parts.Length switch
        {
            1 when splits && !tokenizer.IgnoresMerges => "gpt-2",
            2 when splits && !tokenizer.IgnoresMerges && parts[0].Required("type").Text() == "Digits" && parts[0].Flag("individual_digits") => "smollm",
            2 when !splits && parts[0].Required("type").Text() == "Split" => NameOf(parts[0], tokenizer.IgnoresMerges),
            _ => throw field.Unsupported(
                $"splitting by {string.Join(", ", parts.Select(part => part.Required("type").Text()))} (ignore_merges {tokenizer.IgnoresMerges}) in a GGUF file",
                "ByteLevel alone, after Digits, or after Split"),
        };
    }

    private static string NameOf(JsonField split, bool ignoresMerges)
    {
        JsonField pattern = split.Required("pattern");
        string text = pattern.Optional("Regex")?.Text() ?? throw pattern.Unsupported("a Split by a literal text in a GGUF file", "a Regex");
        if (split.Required("behavior").Text() != "Isolated" || split.Flag("invert"))
            throw split.Unsupported("this behavior in a GGUF file", "Isolated, not inverted");
        return Names.TryGetValue((text, ignoresMerges), out string? name)
            ? name
            : throw pattern.Unsupported(
                $"the Split pattern {text} with ignore_merges {ignoresMerges} in a GGUF file",
                string.Join(", ", Names.Values) + " as llama.cpp calls them");
    }

    /// <summary>llama.cpp normalises nothing; NFC, which Qwen has, changes no text that is normal already, as nearly all is.</summary>
    private static void RequireNormalizer(JsonField? field)
    {
        if (field is { } normalizer && normalizer.Required("type").Text() is var type && type != "NFC")
            throw normalizer.Unsupported($"normalizer \"{type}\" in a GGUF file", "none, NFC");
    }

    private static JsonField[] Parts(JsonField field)
    {
        JsonField[] parts = field.Required("type").Text() == "Sequence" ? [.. field.Required("pretokenizers").Items()] : [field];
        return parts.Length > 0 ? parts : throw field.Fault("the Sequence is empty");
    }
}
