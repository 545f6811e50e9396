using System.Runtime.CompilerServices;
using System.Text;
using LongContext.Generation.Grammars;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation;

/// <summary>What single tokens spell within a text.</summary>
internal sealed class TokenTexts
{
    private static readonly ConditionalWeakTable<Tokenizer, TokenTexts> Known = [];
    private readonly Tokenizer tokenizer;
    private readonly HuggingFaceTokenizer? own;
    private readonly TokenBytes? bytes;
    private readonly (int Id, string Text)? anchor;

    private TokenTexts(Tokenizer tokenizer)
    {
        (this.tokenizer, own) = (tokenizer, tokenizer as HuggingFaceTokenizer);
        try
        {
            bytes = own is null ? null : TokenBytes.Of(own);
        }
        catch (NotSupportedException)
        {
            // Words, or another form whose bytes are not known: what decoding says counts.
        }

        if (bytes is null && tokenizer.EncodeToIds("a") is [.., var last] && tokenizer.Decode([last]) is { Length: > 0 } text) anchor = (last, text);
    }

    /// <summary>The texts of a tokenizer's tokens; found once.</summary>
    public static TokenTexts Of(Tokenizer tokenizer) => Known.GetValue(tokenizer, static tokenizer => new TokenTexts(tokenizer));

    /// <summary>A token's text in UTF-8, which need not be whole characters; a special token's is its name; empty for ids without a token.</summary>
    public byte[] Bytes(int token)
    {
        if (own is not null)
        {
            if (token < 0 || token >= own.VocabularySize) return [];
            if (own.IsSpecialToken(token)) return Encoding.UTF8.GetBytes(own.GetToken(token));
        }

        if (bytes is not null) return token < bytes.Trie.Texts.Count && bytes.Trie.Texts[token] is { } known ? known : [];
        // Behind another one: some decoders put a blank between two, or leave one out at the beginning.
        if (anchor is { } before && tokenizer.Decode([before.Id, token]) is { } both && both.StartsWith(before.Text, StringComparison.Ordinal)) return Encoding.UTF8.GetBytes(both[before.Text.Length..]);
        return Encoding.UTF8.GetBytes(tokenizer.Decode([token]) ?? "");
    }
}
