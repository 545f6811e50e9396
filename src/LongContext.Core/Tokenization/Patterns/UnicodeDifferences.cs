using System.Globalization;

namespace LongContext.Tokenization.Patterns;

/// <summary>
/// Where the Unicode versions behind Hugging Face's components give a code point another class than Unicode 16 does, found by
/// asking tokenizers 0.23.2 about every code point.
/// </summary>
internal static class UnicodeDifferences
{
    /// <summary>Numbers that Unicode 17 has and 16 has not.</summary>
    private const string NewNumbers =
        "11DE0-11DE9 16FF4-16FF6";

    /// <summary>Punctuation since Unicode 8, or by a later change of class.</summary>
    private const string NewPunctuation =
        "61D 9FD A76 C77 C84 1B4E-1B4F 1B7D-1B7F 2E43-2E4F 2E52-2E5D 10D6E 10EAD 10F55-10F59 10F86-10F89 113D4-113D5 113D7-113D8 " +
        "1144B-1144F 1145A-1145B 1145D 11660-1166C 116B9 1183B 11944-11946 119E2 11A3F-11A46 11A9A-11A9C 11A9E-11AA2 11B00-11B09 " +
        "11BE1 11C41-11C45 11C70-11C71 11EF7-11EF8 11F43-11F4F 11FFF 12FF1-12FF2 16D6D-16D6F 16E97-16E9A 16FE2 1E5FF 1E95E-1E95F";

    /// <summary>Punctuation in Unicode 8 that is none now.</summary>
    private const string FormerPunctuation =
        "166D 111C9";

    /// <summary>Marks since Unicode 9, or by a later change of class.</summary>
    private const string NewAccents =
        "7FD 897-89F 8CA-8D3 9FE AFA-AFF B55 C04 C3C CF3 D00 D3B-D3C D81 EBA ECE 1715 180F 1ABF-1ACE 1CF7 1DF6-1DFA A82C A8FF " +
        "10D24-10D27 10D69-10D6D 10EAB-10EAC 10EFC-10EFF 10F46-10F50 10F82-10F85 11070 11073-11074 110C2 11145-11146 111C9 " +
        "111CE-111CF 11241 1133B 113B8-113C0 113C2 113C5 113C7-113CA 113CC-113D0 113D2 113E1-113E2 1145E 1182C-1183A 11930-11935 " +
        "11937-11938 1193B-1193E 11940 11942-11943 119D1-119D7 119DA-119E0 119E4 11A01-11A0A 11A33-11A39 11A3B-11A3E 11A47 " +
        "11A51-11A5B 11A8A-11A99 11D31-11D36 11D3A 11D3C-11D3D 11D3F-11D45 11D47 11D8A-11D8E 11D90-11D91 11D93-11D97 11EF3-11EF6 " +
        "11F00-11F01 11F03 11F34-11F3A 11F3E-11F42 11F5A 13440 13447-13455 1611E-1612F 16F4F 16F7F-16F87 16FE4 16FF0-16FF1 " +
        "1CF00-1CF2D 1CF30-1CF46 1E08F 1E130-1E136 1E2AE 1E2EC-1E2EF 1E4EC-1E4EF 1E5EE-1E5EF";

    /// <summary>Marks in Unicode 9 that are none now.</summary>
    private const string FormerAccents =
        "1CF2-1CF3";

    private static readonly HashSet<int> s_newNumbers = CodePoints(NewNumbers);
    private static readonly HashSet<int> s_newPunctuation = CodePoints(NewPunctuation);
    private static readonly HashSet<int> s_formerPunctuation = CodePoints(FormerPunctuation);
    private static readonly HashSet<int> s_newAccents = CodePoints(NewAccents);
    private static readonly HashSet<int> s_formerAccents = CodePoints(FormerAccents);

    public static bool IsNewNumber(int codePoint) => s_newNumbers.Contains(codePoint);

    public static bool IsPunctuation(int codePoint, bool inUnicode16) =>
        (inUnicode16 && !s_newPunctuation.Contains(codePoint)) || s_formerPunctuation.Contains(codePoint);

    public static bool IsAccent(int codePoint, bool inUnicode16) =>
        (inUnicode16 && !s_newAccents.Contains(codePoint)) || s_formerAccents.Contains(codePoint);

    private static HashSet<int> CodePoints(string ranges) =>
        [.. ranges.Split(' ').Select(range => range.Split('-')).SelectMany(range => Enumerable.Range(Hex(range[0]), Hex(range[^1]) - Hex(range[0]) + 1))];

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
