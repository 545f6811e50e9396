using LongContext.Tokenization;
using LongContext.Tokenization.Patterns;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Gguf.Vocabulary;

/// <summary>llama.cpp's name for how a byte-level tokenizer splits text into words.</summary>
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
        [(WordPattern.Gpt2, false)] = "gpt-2",
        [(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + Punctuation + Spaces, true)] = "llama-bpe",
        [(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + Punctuation + Spaces, false)] = "dbrx",
        [(Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + Punctuation + Spaces, false)] = "qwen2",
        [(UpperWord + "|" + LowerWord + @"|\p{N}|" + PunctuationOrSlash + Spaces, true)] = "tekken",
        [(UpperWord + Contractions + "?|" + LowerWord + Contractions + @"?|\p{N}{1,3}|" + PunctuationOrSlash + Spaces, false)] = "gpt-4o",
    };

    /// <exception cref="NotSupportedException">A way of splitting that llama.cpp has no name for; the message shows it.</exception>
    public static string Read(HuggingFaceTokenizer tokenizer)
    {
        RequireNormalizer(tokenizer);
        IReadOnlyList<TextPreTokenizer> parts = tokenizer.Definition.PreTokenizerSteps;
        string types = string.Join(", ", parts.Select(part => part.TypeName));
        if (parts is not [.., ByteLevelPreTokenizer last]) throw NoCounterpart.For(tokenizer, $"splitting by {types}", "ByteLevel as the last");
        if (last.AddsPrefixSpace) throw NoCounterpart.For(tokenizer, "pre_tokenizer \"ByteLevel\" with add_prefix_space true", "false");
        bool splits = last.Regex is not null, ignoresMerges = tokenizer.Vocabulary.IgnoresMerges;
        return parts switch
        {
            [_] when splits && !ignoresMerges => "gpt-2",
            [SplitPreTokenizer { TypeName: "Digits", Behavior: SplitBehavior.Isolated }, _] when splits && !ignoresMerges => "smollm",
            [SplitPreTokenizer { TypeName: "Split" } split, _] when !splits => NameOf(tokenizer, split, ignoresMerges),
            _ => throw NoCounterpart.For(
                tokenizer, $"splitting by {types} (ignore_merges {ignoresMerges})", "ByteLevel alone, after Digits, or after Split"),
        };
    }

    private static string NameOf(HuggingFaceTokenizer tokenizer, SplitPreTokenizer split, bool ignoresMerges)
    {
        string text = split.Regex ?? throw NoCounterpart.For(tokenizer, $"a Split by the literal text \"{split.Literal}\"", "a Regex");
        if (split.Behavior != SplitBehavior.Isolated || split.Inverts)
            throw NoCounterpart.For(tokenizer, $"a Split with behavior {split.Behavior}, invert {split.Inverts}", "Isolated, not inverted");
        return Names.TryGetValue((text, ignoresMerges), out string? name)
            ? name
            : throw NoCounterpart.For(
                tokenizer, $"the Split pattern {text} with ignore_merges {ignoresMerges}", string.Join(", ", Names.Values) + " as llama.cpp calls them");
    }

    /// <summary>llama.cpp normalises nothing; NFC, which Qwen has, changes no text that is normal already, as nearly all is.</summary>
    private static void RequireNormalizer(HuggingFaceTokenizer tokenizer)
    {
        if (tokenizer.Vocabulary.NormalizerTypes.FirstOrDefault(type => type != "NFC") is { } other)
            throw NoCounterpart.For(tokenizer, $"normalizer \"{other}\"", "none, NFC");
    }
}
