using System.Globalization;
using System.Text;
using LongContext.Data.Cleaning;
using LongContext.Data.Making;
using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Where the units of a text end; together they are all of it.</summary>
internal static class UnitBorders
{
    public static IReadOnlyList<int> Of(string text, CompressionUnit unit, int[] tokenStarts) => unit switch
    {
        CompressionUnit.Sentences => SentenceBorders.Of(text),
        CompressionUnit.Words => Words(text),
        _ => Tokens(text, tokenStarts),
    };

    /// <summary>The ends of words; of a text of white space alone its length. None lies within a grapheme: a letter has its marks with it, as Thai and other scripts without spaces write them.</summary>
    public static List<int> Words(string text)
    {
        List<int> ends = [];
        bool hasWord = false, afterLetter = false, afterSpace = false; // the first two since the last end
        for (int i = 0; i < text.Length; i += StringInfo.GetNextTextElementLength(text, i))
        {
            CharacterClass found = Rune.TryGetRuneAt(text, i, out Rune rune) ? CharacterClasses.Of(rune) : CharacterClasses.Of(text[i]);
            bool isSpace = TextUnits.IsSpace(text[i]), isLetterAlone = found == CharacterClass.Alone;
            // A unit begins with what follows white space, and with a letter that is a word of its own; punctuation after such a letter goes with it.
            bool begins = hasWord && !isSpace && (afterSpace || isLetterAlone || (afterLetter && found == CharacterClass.Word));
            if (begins) ends.Add(i);
            if (begins) afterLetter = false;
            hasWord |= !isSpace;
            afterLetter |= isLetterAlone;
            afterSpace = isSpace;
        }

        if (text.Length > 0) ends.Add(text.Length);
        return ends;
    }

    private static List<int> Tokens(string text, int[] starts)
    {
        List<int> ends = [];
        foreach (int start in starts)
        {
            if (start > 0 && start < text.Length && TextUnits.IsBorder(text, start) && (ends.Count == 0 || ends[^1] < start)) ends.Add(start);
        }

        if (text.Length > 0) ends.Add(text.Length);
        return ends;
    }
}
