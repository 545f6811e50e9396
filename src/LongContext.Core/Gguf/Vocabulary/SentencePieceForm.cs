using LongContext.Tokenization;
using LongContext.Tokenization.Normalizers;
using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Gguf.Vocabulary;

/// <summary>How a SentencePiece-style tokenizer turns spaces into ▁, as far as llama.cpp can do the same.</summary>
internal static class SentencePieceForm
{
    /// <summary>What stands for a space.</summary>
    public const char Space = '▁';

    private const string Supported = "Prepend of ▁, then Replace of a space by ▁";

    /// <summary>Whether a space goes before the text.</summary>
    /// <exception cref="NotSupportedException">A part that llama.cpp has no counterpart for; the message names it.</exception>
    public static bool ReadSpacePrefix(HuggingFaceTokenizer tokenizer)
    {
        bool? prefix = ReadNormalizer(tokenizer);
        return tokenizer.Definition.PreTokenizerSteps switch
        {
            [] => prefix
                ?? throw NoCounterpart.For(tokenizer, "a byte pair encoding with neither normalizer nor pre_tokenizer", "spaces written as ▁, or ByteLevel"),
            // Gemma splits at spaces after its normalizer has left none.
            [SplitPreTokenizer { Literal: " ", Inverts: false }] when prefix == false => false,
            [MetaspacePreTokenizer metaspace] when prefix is null => ReadMetaspace(tokenizer, metaspace),
            var steps => throw NoCounterpart.For(
                tokenizer, $"pre_tokenizer \"{string.Join(", ", steps.Select(step => step.TypeName))}\" after this normalizer", "Metaspace without a normalizer"),
        };
    }

    /// <summary>True for ▁ before the text and in place of spaces, false for in place of spaces alone, null for neither.</summary>
    private static bool? ReadNormalizer(HuggingFaceTokenizer tokenizer)
    {
        bool prepends = false, replaces = false;
        foreach (TextNormalizer step in tokenizer.Definition.NormalizerSteps)
        {
            if (step is PrependNormalizer { Prefix: "▁" } && !prepends && !replaces) prepends = true;
            else if (step is ReplaceNormalizer { Replacement: { Literal: " ", Content: "▁" } } && !replaces) replaces = true;
            else throw NoCounterpart.For(tokenizer, $"normalizer \"{step.TypeName}\" with these settings", Supported);
        }

        if (prepends && !replaces) throw NoCounterpart.For(tokenizer, "a normalizer that leaves spaces", Supported);
        return replaces ? prepends : null;
    }

    private static bool ReadMetaspace(HuggingFaceTokenizer tokenizer, MetaspacePreTokenizer metaspace)
    {
        if (metaspace.Replacement != Space) throw NoCounterpart.For(tokenizer, $"\"{metaspace.Replacement}\" in place of a space", $"{Space}");
        if (metaspace.Cuts) RequireNoTokenAcrossSpaces(tokenizer);
        return metaspace.Prepends;
    }

    /// <summary>Split at spaces, a word never reaches into the next; llama.cpp splits nowhere, and would use such a token.</summary>
    private static void RequireNoTokenAcrossSpaces(HuggingFaceTokenizer tokenizer)
    {
        foreach (string text in tokenizer.Definition.Model.Vocabulary.Ids.Keys)
        {
            if (text.LastIndexOf(Space) > 0)
                throw NoCounterpart.For(tokenizer, $"splitting at spaces, when there is a token \"{text}\",", "\"split\": false");
        }
    }
}
