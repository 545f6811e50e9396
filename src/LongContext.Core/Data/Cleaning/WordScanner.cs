using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LongContext.Data.Cleaning;

/// <summary>
/// Cuts a text into normalised words and remembers where each stood. A word is what stands between white space, in lower case, without its
/// punctuation and symbols (GPT-3, Brown et al. 2020, appendix C); a letter of a script without spaces between words is a word of its own.
/// </summary>
/// <remarks>
/// Buffers are kept between texts, so one scanner serves many; one thread at a time. It needs about 4 bytes for each character of the longest
/// text and 20 for each word.
/// </remarks>
internal sealed class WordScanner
{
    private const ulong Seed = 0x9E3779B97F4A7C15, Multiplier = 0xD6E8FEB86659FD93;

    /// <summary>Buffers of texts of more characters than this are not kept for the next one.</summary>
    private const int KeptCharacters = 1 << 24;

    [ThreadStatic]
    private static WordScanner? ofThread;

    private char[] characters = new char[1024];
    private int used;
    private ulong[] hashes = new ulong[256];
    private Word[] words = new Word[256];

    /// <summary>A scanner for this thread's own use until it returns from where it asked.</summary>
    public static WordScanner OfThread => ofThread is { } kept && kept.characters.Length <= 2 * KeptCharacters ? kept : ofThread = new WordScanner();

    /// <summary>Words of the text.</summary>
    public int Count { get; private set; }

    /// <summary>A hash of each word's normalised characters.</summary>
    public ReadOnlySpan<ulong> Hashes => hashes.AsSpan(0, Count);

    /// <summary>All words, one space after each.</summary>
    public ReadOnlySpan<char> Normalized => characters.AsSpan(0, used);

    /// <summary>Some words in a row, one space between them.</summary>
    public ReadOnlySpan<char> Words(int first, int count) => count == 0 ? [] : characters.AsSpan(words[first].Start..words[first + count - 1].End);

    /// <summary>Where the word's first character stands in the text.</summary>
    public int SourceStart(int word) => words[word].SourceStart;

    /// <summary>Where the word's last character ends in the text.</summary>
    public int SourceEnd(int word) => words[word].SourceEnd;

    public void Scan(ReadOnlySpan<char> text)
    {
        Count = used = 0;
        // A word of one character takes two: itself and the space after it.
        if (characters.Length < (2L * text.Length) + 2) characters = new char[checked((2 * text.Length) + 2)];
        ref char map = ref MemoryMarshal.GetArrayDataReference(CharacterClasses.Map);
        Span<char> target = characters;
        int written = 0, wordStart = 0, sourceStart = -1, sourceEnd = 0;
        ulong hash = Seed;
        for (int i = 0; i < text.Length; i++)
        {
            // The table has an entry for every UTF-16 unit, so no check is needed.
            char mapped = Unsafe.Add(ref map, text[i]);
            if (mapped >= (char)CharacterClass.Word)
            {
                if (sourceStart < 0) sourceStart = i;
                target[written++] = mapped;
                hash = Step(hash, mapped);
                sourceEnd = i + 1;
                continue;
            }

            switch ((CharacterClass)mapped)
            {
                case CharacterClass.Separator:
                    if (sourceStart >= 0) EndWord(ref written, ref wordStart, ref sourceStart, sourceEnd, ref hash);
                    break;
                case CharacterClass.Alone:
                    if (sourceStart >= 0) EndWord(ref written, ref wordStart, ref sourceStart, sourceEnd, ref hash);
                    sourceStart = i;
                    char small = char.ToLowerInvariant(text[i]);
                    target[written++] = small;
                    hash = Step(hash, small);
                    EndWord(ref written, ref wordStart, ref sourceStart, i + 1, ref hash);
                    break;
                case CharacterClass.Surrogate:
                    // Half a pair stands for nothing: it is removed, like a symbol.
                    if (Rune.DecodeFromUtf16(text[i..], out Rune rune, out int length) != System.Buffers.OperationStatus.Done) break;
                    CharacterClass found = CharacterClasses.Of(rune);
                    if (found is CharacterClass.Word or CharacterClass.Alone)
                    {
                        if (found == CharacterClass.Alone && sourceStart >= 0) EndWord(ref written, ref wordStart, ref sourceStart, sourceEnd, ref hash);
                        if (sourceStart < 0) sourceStart = i;
                        Rune smallRune = Rune.ToLowerInvariant(rune);
                        hash = Step(hash, (uint)smallRune.Value);
                        written += smallRune.EncodeToUtf16(target[written..]);
                        sourceEnd = i + length;
                        if (found == CharacterClass.Alone) EndWord(ref written, ref wordStart, ref sourceStart, sourceEnd, ref hash);
                    }

                    i += length - 1;
                    break;
                default:
                    break;
            }
        }

        if (sourceStart >= 0) EndWord(ref written, ref wordStart, ref sourceStart, sourceEnd, ref hash);
        used = written;
    }

    /// <summary>Short, as each waits for the one before; <see cref="EndWord"/> mixes what comes out.</summary>
    private static ulong Step(ulong hash, uint character) => unchecked((hash ^ character) * Multiplier);

    private void EndWord(ref int written, ref int wordStart, ref int sourceStart, int sourceEnd, ref ulong hash)
    {
        if (Count == hashes.Length)
        {
            int size = checked(2 * Count);
            Array.Resize(ref hashes, size);
            Array.Resize(ref words, size);
        }

        hash = unchecked((hash ^ (hash >> 32)) * Multiplier);
        hashes[Count] = hash ^ (hash >> 29);
        words[Count] = new Word(wordStart, written, sourceStart, sourceEnd);
        Count++;
        characters[written++] = ' ';
        wordStart = written;
        sourceStart = -1;
        hash = Seed;
    }

    /// <summary>Where a word stands in the normalised characters and in the text.</summary>
    private readonly record struct Word(int Start, int End, int SourceStart, int SourceEnd);
}
