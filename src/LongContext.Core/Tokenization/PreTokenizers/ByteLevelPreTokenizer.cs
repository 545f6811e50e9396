using System.Text;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Spells each piece in the byte alphabet, after putting a blank in front and cutting by GPT-2's pattern where asked to.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, SplitPreTokenizer? split) : TextPreTokenizer
{
    public override string TypeName => "ByteLevel";

    public override string? Regex => split?.Regex;

    /// <summary>Whether a blank goes in front of a text that does not begin with one.</summary>
    public bool AddsPrefixSpace => addPrefixSpace;

    public override void Apply(PreTokenizedText text)
    {
        if (addPrefixSpace) AddPrefixSpace(text);
        split?.Apply(text);
        for (int i = 0; i < text.Count; i++)
        {
            (int start, int end) = text.Piece(i);
            int from = text.RewrittenLength;
            Spell(text, start, end);
            text.AddPiece(from, text.RewrittenLength);
        }

        text.FinishRewriting();
    }

    private static void Spell(PreTokenizedText text, int start, int end)
    {
        Span<byte> utf8 = stackalloc byte[4];
        ReadOnlySpan<char> characters = ByteAlphabet.Characters;
        while (start < end)
        {
            char first = text.Text[start];
            if (first < 0x80)
            {
                text.Rewrite(1, start, start + 1)[0] = characters[first];
                start++;
                continue;
            }

            Rune.DecodeFromUtf16(text.Text[start..end], out Rune rune, out int length);
            int count = rune.EncodeToUtf8(utf8);
            Span<char> room = text.Rewrite(count, start, start + length);
            for (int i = 0; i < count; i++) room[i] = characters[utf8[i]];
            start += length;
        }
    }

    private static void AddPrefixSpace(PreTokenizedText text)
    {
        for (int i = 0; i < text.Count; i++)
        {
            (int start, int end) = text.Piece(i);
            int from = text.RewrittenLength;
            if (text.Text[start] != ' ') text.Rewrite(1, start, start)[0] = ' ';
            text.Copy(start, end);
            text.AddPiece(from, text.RewrittenLength);
        }

        text.FinishRewriting();
    }

    public static ByteLevelPreTokenizer ReadByteLevel(JsonField field)
    {
        bool usesPattern = field.Optional("use_regex")?.Flag() ?? true;
        SplitPreTokenizer? split = usesPattern
            ? new SplitPreTokenizer("Split", WordPattern.ForKnown(WordPattern.Gpt2)!, SplitBehavior.Isolated, invert: false) { Spelling = WordPattern.Gpt2 }
            : null;
        return new ByteLevelPreTokenizer(field.Required("add_prefix_space").Flag(), split);
    }
}
