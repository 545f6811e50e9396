namespace LongContext.Data.Making;

/// <summary>The marks that end sentences, of all scripts that the library knows sentences of.</summary>
internal static class SentenceStops
{
    /// <summary>Full stops, question and exclamation marks, and the ellipsis.</summary>
    public static bool IsStop(char c) => c is '.' or '!' or '?' or '\u2026' || IsOtherStop(c);

    /// <summary>Those that no text in Latin letters has: of Chinese, Japanese, Arabic, Urdu, the scripts of India, Armenian.</summary>
    public static bool IsOtherStop(char c) => IsWide(c) || c is '\u061F' or '\u06D4' or '\u0964' or '\u0965' or '\u0589';

    /// <summary>Those that end a sentence whether white space follows or not: of Chinese and Japanese.</summary>
    public static bool IsWide(char c) => c is '\u3002' or '\uFF01' or '\uFF1F' or '\uFF61';
}
