namespace LongContext.Tokenization.Patterns;

/// <summary>What a letter matches under (?i), for the letters that split patterns ignore the case of: those of ASCII.</summary>
/// <remarks>
/// Unicode's simple folding brings two more to them: ſ to s and the Kelvin sign to k. Its full folding makes one character of
/// some pairs (ﬀ of ff, ß of ss), which Oniguruma follows; a pattern in which that could matter is refused.
/// </remarks>
internal static class CaseFolding
{
    private static readonly string[] s_pairs = ["ss", "ff", "fi", "fl", "st"];
    private static readonly CodePointSet s_withCase = UnicodeSets.Property("L")!.Union(UnicodeSets.Property("M")!)
        .Union(UnicodeSets.Property("Nl")!).Union(UnicodeSets.Property("So")!);

    /// <summary>Whether a code point outside ASCII is the same in upper and lower case.</summary>
    public static bool HasNoCase(int codePoint) =>
        codePoint < 128 || !s_withCase.Contains(codePoint);

    public static CodePointSet Variants(int codePoint)
    {
        if (codePoint >= 128 || !char.IsAsciiLetter((char)codePoint)) return CodePointSet.Of(codePoint);
        int lower = codePoint | 0x20, upper = codePoint & ~0x20;
        return lower switch
        {
            's' => CodePointSet.Of(lower, upper, 0x17F),
            'k' => CodePointSet.Of(lower, upper, 0x212A),
            _ => CodePointSet.Of(lower, upper),
        };
    }

    /// <summary>The set with the variants of its ASCII letters.</summary>
    public static CodePointSet Close(CodePointSet set) => new(codePoint =>
        set.Contains(codePoint) || codePoint switch
        {
            0x17F => set.Contains('s') || set.Contains('S'),
            0x212A => set.Contains('k') || set.Contains('K'),
            < 128 when char.IsAsciiLetter((char)codePoint) => set.Contains(codePoint ^ 0x20),
            _ => false,
        });

    /// <summary>Whether one character's full folding is these two.</summary>
    public static bool IsFoldedPair(int first, int second) =>
        first is > 0 and < 128 && second is > 0 and < 128
        && s_pairs.Contains($"{char.ToLowerInvariant((char)first)}{char.ToLowerInvariant((char)second)}");
}
