using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>How a SentencePiece-style tokenizer.json turns spaces into ▁, as far as llama.cpp can do the same.</summary>
internal static class SentencePieceForm
{
    /// <summary>What stands for a space.</summary>
    public const string Space = "▁";

    /// <summary>Whether a space goes before the text.</summary>
    /// <exception cref="NotSupportedException">A part that llama.cpp has no counterpart for; the message names it.</exception>
    public static bool ReadSpacePrefix(TokenizerJson tokenizer)
    {
        bool? prefix = ReadNormalizer(tokenizer.Root.Optional("normalizer"));
        JsonField? splitter = tokenizer.Root.Optional("pre_tokenizer");
        if (splitter is not { } split)
        {
            return prefix ?? throw tokenizer.Root.Unsupported("a byte pair encoding with neither normalizer nor pre_tokenizer", "spaces written as ▁, or ByteLevel");
        }

        string type = split.Required("type").Text();
        // Gemma splits at spaces after its normalizer has left none.
        if (type == "Split" && prefix == false && split.Required("pattern").Optional("String")?.Text() == " ") return false;
        if (type != "Metaspace" || prefix is not null)
            throw split.Unsupported($"pre_tokenizer \"{type}\" after this normalizer in a GGUF file", "Metaspace without a normalizer");
        if (split.Optional("replacement") is { } replacement && replacement.Text() != Space)
            throw replacement.Unsupported($"\"{replacement.Text()}\"", Space);
        if (split.Optional("split")?.Flag() ?? true) RequireNoTokenAcrossSpaces(tokenizer, split);
        return split.Optional("prepend_scheme")?.Text() switch
        {
            "never" => false,
            "first" or "always" => true,
            null => split.Optional("add_prefix_space")?.Flag() ?? true,
            { } other => throw split.Unsupported($"prepend_scheme \"{other}\"", "always, first, never"),
        };
    }

    /// <summary>True for ▁ before the text and in place of spaces, false for in place of spaces alone, null for neither.</summary>
    private static bool? ReadNormalizer(JsonField? field)
    {
        if (field is not { } normalizer) return null;
        JsonField[] parts = normalizer.Required("type").Text() == "Sequence" ? [.. normalizer.Required("normalizers").Items()] : [normalizer];
        bool prepends = false, replaces = false;
        foreach (JsonField part in parts)
        {
            string type = part.Required("type").Text();
            if (type == "Prepend" && !prepends && !replaces && part.Required("prepend").Text() == Space) prepends = true;
            else if (type == "Replace" && !replaces && IsSpaceToMark(part)) replaces = true;
            else throw part.Unsupported($"normalizer \"{type}\" with these settings in a GGUF file", "Prepend of ▁, then Replace of a space by ▁");
        }

        return replaces ? prepends : throw normalizer.Unsupported("a normalizer that leaves spaces in a GGUF file", "Prepend of ▁, then Replace of a space by ▁");
    }

    private static bool IsSpaceToMark(JsonField replace) =>
        replace.Required("pattern").Optional("String")?.Text() == " " && replace.Required("content").Text() == Space;

    /// <summary>Split at spaces, a word never reaches into the next; llama.cpp splits nowhere, and would use such a token.</summary>
    private static void RequireNoTokenAcrossSpaces(TokenizerJson tokenizer, JsonField split)
    {
        foreach (string text in tokenizer.Tokens.Keys)
        {
            if (text.LastIndexOf(Space, StringComparison.Ordinal) > 0)
                throw split.Unsupported($"splitting at spaces, when there is a token \"{text}\",", "\"split\": false");
        }
    }
}
