using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Generation.Grammars;

/// <summary>What each token of a tokenizer adds to a text, in bytes.</summary>
internal sealed class TokenBytes
{
    private static readonly ConditionalWeakTable<HuggingFaceTokenizer, ConcurrentDictionary<string, TokenBytes>> s_known = [];

    private TokenBytes(HuggingFaceTokenizer tokenizer, IReadOnlyCollection<string> spelledOut)
    {
        TokenizerDefinition definition = tokenizer.Definition;
        if (definition.Decoder is null)
            throw new NotSupportedException("The tokenizer's tokens are words, which do not spell any text, so that no grammar can be followed with it: use one of bytes (ByteLevel) or with byte fallback.");
        TokenKind[] kinds = TokenKinds.Of(definition);
        bool isByteLevel = Decode(definition, "Ġ") == " ";
        string anchor = isByteLevel ? "a" : definition.Tokens.Where((text, id) => kinds[id] == TokenKind.Normal && text is { Length: 1 } && char.IsAsciiLetter(text[0])).FirstOrDefault()
            ?? throw new NotSupportedException("The tokenizer has no token of a single letter, so that what its tokens spell cannot be told.");
        var texts = new byte[kinds.Length][];
        for (int id = 0; id < texts.Length; id++)
        {
            texts[id] = kinds[id] switch
            {
                TokenKind.Byte => TokenKinds.TryGetByte(definition.Tokens[id], out byte value) ? [value] : [],
                TokenKind.Normal or TokenKind.Added => isByteLevel ? BytesOf(definition.Tokens[id]!) : Spelled(definition, anchor, definition.Tokens[id]!),
                _ => definition.Tokens[id] is { } special && spelledOut.Contains(special) ? Encoding.UTF8.GetBytes(special) : [],
            };
        }

        VocabularySize = Array.FindLastIndex(texts, text => text.Length > 0) + 1;
        Trie = new TokenTrie(texts);
        WithoutText = new ulong[Trie.MaskWords];
        for (int id = 0; id < texts.Length; id++)
        {
            if (texts[id].Length == 0) WithoutText[id >> 6] |= 1UL << id;
        }

        // Ids that fill up the last word.
        for (int id = texts.Length; id < WithoutText.Length * 64; id++) WithoutText[id >> 6] |= 1UL << id;
        DropsFirstBlank = !isByteLevel && Array.Exists(texts, text => text is [(byte)' ', ..]) && Decode(definition, "▁") != " ";
    }

    /// <summary>Tokens up to the last one that spells a text.</summary>
    public int VocabularySize { get; }

    /// <summary>The texts as a tree.</summary>
    public TokenTrie Trie { get; }

    /// <summary>A bit for each token that spells nothing.</summary>
    public ulong[] WithoutText { get; }

    /// <summary>Whether a blank that begins a text is not decoded.</summary>
    public bool DropsFirstBlank { get; }

    /// <summary>The texts of a tokenizer's tokens; found once.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="spelledOut">Special tokens that count as the text of their names; others spell nothing.</param>
    /// <exception cref="NotSupportedException">It is not known what its tokens spell.</exception>
    public static TokenBytes Of(Tokenizer tokenizer, params IReadOnlyCollection<string> spelledOut) => tokenizer is HuggingFaceTokenizer own
        ? s_known.GetOrCreateValue(own).GetOrAdd(string.Join('\0', spelledOut), _ => new TokenBytes(own, spelledOut))
        : throw new NotSupportedException($"A grammar needs to know what each token spells, which {tokenizer.GetType().Name} does not tell: load the model's tokenizer by HuggingFaceTokenizer.Load.");

    private static byte[] BytesOf(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            int value = ByteAlphabet.ByteOf(token[i]);
            // An added token that is not spelled in the alphabet is its own text.
            if (value < 0) return Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)value;
        }

        return bytes;
    }

    /// <summary>What a token spells behind another one: at the beginning of a text decoders leave a blank out.</summary>
    private static byte[] Spelled(TokenizerDefinition definition, string anchor, string token)
    {
        string both = Decode(definition, anchor, token), one = Decode(definition, anchor);
        return both.StartsWith(one, StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(both[one.Length..]) : [];
    }

    private static string Decode(TokenizerDefinition definition, params string[] tokens)
    {
        List<string> pieces = [.. tokens];
        definition.Decoder!.Apply(pieces);
        return string.Concat(pieces);
    }
}
