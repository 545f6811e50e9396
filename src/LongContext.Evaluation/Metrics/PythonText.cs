using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace LongContext.Evaluation.Metrics;

/// <summary>What Python does with text where .NET does something else.</summary>
internal static class PythonText
{
    private const char CapitalSigma = 'Σ', SmallSigma = 'σ', FinalSigma = 'ς', CapitalDottedI = 'İ';

    // A letter, and what it becomes in upper-case where that is not one letter of .NET's.
    private static readonly FrozenDictionary<char, string> UpperSpecially = (
        "ıI ſS "
        + "ßSS ŉʼN ǰJ\u030C ΐΙ\u0308\u0301 ΰΥ\u0308\u0301 ևԵՒ ẖH\u0331 ẗT\u0308 ẘW\u030A ẙY\u030A ẚAʾ ὐΥ\u0313 ὒΥ\u0313\u0300 ὔΥ\u0313\u0301 "
        + "ὖΥ\u0313\u0342 ᾀἈΙ ᾁἉΙ ᾂἊΙ ᾃἋΙ ᾄἌΙ ᾅἍΙ ᾆἎΙ ᾇἏΙ ᾈἈΙ ᾉἉΙ ᾊἊΙ ᾋἋΙ ᾌἌΙ ᾍἍΙ ᾎἎΙ ᾏἏΙ ᾐἨΙ ᾑἩΙ ᾒἪΙ ᾓἫΙ ᾔἬΙ ᾕἭΙ ᾖἮΙ ᾗἯΙ ᾘἨΙ ᾙἩΙ ᾚἪΙ ᾛἫΙ ᾜἬΙ ᾝἭΙ "
        + "ᾞἮΙ ᾟἯΙ ᾠὨΙ ᾡὩΙ ᾢὪΙ ᾣὫΙ ᾤὬΙ ᾥὭΙ ᾦὮΙ ᾧὯΙ ᾨὨΙ ᾩὩΙ ᾪὪΙ ᾫὫΙ ᾬὬΙ ᾭὭΙ ᾮὮΙ ᾯὯΙ ᾲᾺΙ ᾳΑΙ ᾴΆΙ ᾶΑ\u0342 ᾷΑ\u0342Ι ᾼΑΙ ῂῊΙ ῃΗΙ ῄΉΙ ῆΗ\u0342 "
        + "ῇΗ\u0342Ι ῌΗΙ ῒΙ\u0308\u0300 ΐΙ\u0308\u0301 ῖΙ\u0342 ῗΙ\u0308\u0342 ῢΥ\u0308\u0300 ΰΥ\u0308\u0301 ῤΡ\u0313 ῦΥ\u0342 ῧΥ\u0308\u0342 ῲῺΙ "
        + "ῳΩΙ ῴΏΙ ῶΩ\u0342 ῷΩ\u0342Ι ῼΩΙ ﬀFF ﬁFI ﬂFL ﬃFFI ﬄFFL ﬅST ﬆST ﬓՄՆ ﬔՄԵ ﬕՄԻ ﬖՎՆ ﬗՄԽ")
        .Split(' ').ToFrozenDictionary(pair => pair[0], pair => pair[1..]);

    private static readonly SearchValues<char> SpecialUpper = SearchValues.Create([.. UpperSpecially.Keys]);

    /// <summary>
    /// Lower-case by the whole of Unicode's rules without a language: U+0130 becomes i and a dot above, a capital sigma that ends a word ς
    /// (SpecialCasing.txt). <see cref="string.ToLowerInvariant"/> has neither.
    /// </summary>
    public static string ToLower(string text)
    {
        string lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny(CapitalSigma, CapitalDottedI)) return lower;
        var result = new StringBuilder(text.Length + 1);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == CapitalDottedI) result.Append("i\u0307");
            else if (text[i] == CapitalSigma) result.Append(EndsWord(text, i) ? FinalSigma : SmallSigma);
            else result.Append(lower[i]);
        }

        return result.ToString();
    }

    /// <summary>
    /// Upper-case by the whole of Unicode's rules without a language: some letters become several, such as ß (SpecialCasing.txt), and the dotless i an
    /// I. <see cref="string.ToUpperInvariant"/> has neither.
    /// </summary>
    public static string ToUpper(string text)
    {
        string upper = text.ToUpperInvariant();
        if (!text.AsSpan().ContainsAny(SpecialUpper)) return upper;
        var result = new StringBuilder(text.Length + 2);
        for (int i = 0; i < text.Length; i++)
        {
            if (UpperSpecially.TryGetValue(text[i], out string? several)) result.Append(several);
            else result.Append(upper[i]);
        }

        return result.ToString();
    }

    /// <summary>Final_Sigma: a cased letter before, none after, characters that casing ignores aside.</summary>
    private static bool EndsWord(string text, int at) => IsCased(text, at, -1) && !IsCased(text, at, 1);

    private static bool IsCased(string text, int from, int step)
    {
        for (int i = from + step; i >= 0 && i < text.Length; i += step)
        {
            // The second half of a pair stands for the pair, whichever way one comes.
            int start = char.IsLowSurrogate(text[i]) && i > 0 ? i - 1 : i;
            if (char.IsHighSurrogate(text[i]) && step > 0 && i + 1 < text.Length) i++;
            else if (start != i) i = start;
            UnicodeCategory category = CharUnicodeInfo.GetUnicodeCategory(text, start);
            if (IsIgnorable(text[start], category)) continue;
            return category is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                || (Rune.TryGetRuneAt(text, start, out Rune rune) && IsOtherCased(rune.Value));
        }

        return false;
    }

    /// <summary>Other_Uppercase and Other_Lowercase that casing does not ignore: ordinal signs, Roman numerals, letters in circles and squares.</summary>
    private static bool IsOtherCased(int point) => point is 0xAA or 0xBA or (>= 0x2160 and <= 0x217F) or (>= 0x24B6 and <= 0x24E9)
        or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    /// <summary>Case_Ignorable: marks, format characters, modifiers, and the punctuation inside words.</summary>
    private static bool IsIgnorable(char c, UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol
        || c is '\'' or '.' or ':' or '·' or '\u0387' or '\u055F' or '\u05F4' or '\u2018' or '\u2019' or '\u2024' or '\u2027' or '\uFE13' or '\uFE52' or '\uFE55' or '\uFF07' or '\uFF0E' or '\uFF1A';
}
