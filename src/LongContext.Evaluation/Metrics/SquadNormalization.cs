using System.Text;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Answers as SQuAD's script compares them: lower-case, without ASCII punctuation, without the words a, an and the, single spaces between words
/// (Rajpurkar et al. 2016, arXiv:1606.05250: normalize_answer of the v1.1 script, which many others repeat).
/// </summary>
/// <remarks>
/// Punctuation goes first and joins what stood around it: "co-operate" becomes "cooperate", and "a." the article "a". Whitespace is
/// Python's. The scripts differ in which characters belong to a word, hence <see cref="WordCharacters"/>.
/// </remarks>
internal static class SquadNormalization
{
    // Full-width and CJK punctuation, as LongBench's metrics have it.
    private const string ChinesePunctuation = "！？｡。＂＃＄％＆＇（）＊＋，－／：；＜＝＞＠［＼］＾＿｀｛｜｝～｟｠｢｣､、〃》「」『』【】〔〕〖〗〘〙〚〛〜〝〞〟〰〾〿–—‘’‛“”„‟…‧﹏.";

    public static string Normalize(string text, WordCharacters words) => string.Join(' ', Words.Of(WithoutArticles(WithoutPunctuation(text), words)));

    /// <summary>The same, but articles stay.</summary>
    public static string NormalizeKeepingArticles(string text) => string.Join(' ', Words.Of(WithoutPunctuation(text)));

    /// <summary>LongBench's form of Chinese answers: lower-case, without ASCII and Chinese punctuation, without whitespace; articles stay.</summary>
    public static string NormalizeChinese(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (char c in string.Concat(Words.Of(PythonText.ToLower(text))))
        {
            if (!IsAsciiPunctuation(c) && !ChinesePunctuation.Contains(c, StringComparison.Ordinal)) kept.Append(c);
        }

        return kept.ToString();
    }

    /// <summary>The 32 characters of Python's string.punctuation.</summary>
    public static bool IsAsciiPunctuation(char c) => char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c));

    private static string WithoutPunctuation(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (char c in PythonText.ToLower(text))
        {
            if (!IsAsciiPunctuation(c)) kept.Append(c);
        }

        return kept.ToString();
    }

    /// <summary>An article is a whole run of a word's characters; a space takes its place.</summary>
    private static string WithoutArticles(string text, WordCharacters words)
    {
        var result = new StringBuilder(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            int start = at;
            bool inside = words.Contains(text, at, out int length);
            do at += length;
            while (at < text.Length && words.Contains(text, at, out length) == inside);
            string run = text[start..at];
            result.Append(inside && run is "a" or "an" or "the" ? " " : run);
        }

        return result.ToString();
    }
}
