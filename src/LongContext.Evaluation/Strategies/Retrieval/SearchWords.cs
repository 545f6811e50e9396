using System.Text;
using LongContext.Data.Cleaning;
using LongContext.Tokenization.Normalizers;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>The words of a text that search goes by, one after the other.</summary>
/// <remarks>
/// Words are runs of letters, marks and digits, in lower case, after compatibility composition (NFKC) of the whole text; an English 's at the end of a word is
/// left out. Of scripts without spaces (Han, kana, Thai and others) every letter is a word, and every two letters in a row are one, as in Lucene's CJKBigramFilter
/// with outputUnigrams.
/// </remarks>
internal ref struct SearchWords
{
    private readonly ReadOnlySpan<char> text;
    private char[] buffer;
    private int length;
    private int at;
    private int previous; // length in the buffer of the letter before this one in a run of letters without spaces, or 0
    private int waiting;  // length in the buffer of a letter whose word of two letters comes next, or 0

    /// <param name="prepared">What <see cref="Prepare"/> made of a text.</param>
    public SearchWords(ReadOnlySpan<char> prepared)
    {
        text = prepared;
        buffer = new char[64];
    }

    /// <summary>The word; valid until the next one.</summary>
    public readonly ReadOnlySpan<char> Current => buffer.AsSpan(start, length);

    private int start;

    public static string Prepare(string text)
    {
        if (Ascii.IsValid(text)) return text;
        if (text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) text = string.Concat(text.EnumerateRunes()); // half a pair becomes U+FFFD
        return UnicodeForm.KC.Normalize(text);
    }

    public bool MoveNext()
    {
        if (waiting > 0)
        {
            // The letter alone was given out: now with the one before it.
            start = 0;
            length = previous + waiting;
            (previous, waiting) = (waiting, 0);
            return true;
        }

        // What is left of a run in the buffer is its last letter.
        if (previous > 0)
        {
            buffer.AsSpan(start + length - previous, previous).CopyTo(buffer);
        }

        int kept = previous;
        start = length = 0;
        while (at < text.Length)
        {
            CharacterClass found = Next(out int size);
            if (found == CharacterClass.Alone)
            {
                if (length > 0) return true; // a word before it; the letter comes next time
                length = Lower(at, size, kept);
                at += size;
                start = kept;
                if (kept == 0) previous = length;
                else waiting = length;
                return true;
            }

            if (found != CharacterClass.Word && IsInvisible(text[at]))
            {
                at += size;
                continue;
            }

            previous = kept = 0;
            if (found == CharacterClass.Word)
            {
                length += Lower(at, size, length);
                at += size;
                continue;
            }

            if (length > 0)
            {
                if (text[at] is '\'' or '\u2019' && at + 1 < text.Length && text[at + 1] is 's' or 'S' && !IsWordAt(at + 2)) at++;
                at += size;
                return true;
            }

            at += size;
        }

        return length > 0;
    }

    private readonly CharacterClass Next(out int size)
    {
        size = 1;
        CharacterClass found = CharacterClasses.Of(text[at]);
        if (found != CharacterClass.Surrogate) return found;
        if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out size) != System.Buffers.OperationStatus.Done) return CharacterClass.Removed;
        return CharacterClasses.Of(rune);
    }

    private readonly bool IsWordAt(int place) =>
        place < text.Length && CharacterClasses.Of(text[place]) is CharacterClass.Word or CharacterClass.Alone or CharacterClass.Surrogate;

    /// <summary>Soft hyphens, joiners and variation selectors, which are not seen and end no word.</summary>
    internal static bool IsInvisible(char c) => c is '\u00AD' or (>= '\u200B' and <= '\u200D') or '\u2060' or '\uFEFF' or (>= '\uFE00' and <= '\uFE0F');

    private int Lower(int from, int size, int to)
    {
        if (to + 2 > buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
        if (size == 1)
        {
            buffer[to] = char.ToLowerInvariant(text[from]);
            return 1;
        }

        Rune.DecodeFromUtf16(text[from..], out Rune rune, out _);
        return Rune.ToLowerInvariant(rune).EncodeToUtf16(buffer.AsSpan(to));
    }
}
