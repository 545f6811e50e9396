namespace LongContext.Chat;

/// <summary>
/// Ids for calls of formats that write none: 9 letters and digits, as Mistral's templates ask. No two of a process are equal in its first
/// 10¹⁴ calls; where the row begins is drawn, so that those of two processes rarely are. They are no secret and can be guessed.
/// </summary>
internal static class ToolCallIds
{
    /// <summary>Letters and digits of an id behind its prefix.</summary>
    public const int Length = 9;

    private const string Digits = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const long Count = 101_559_956_668_416; // 36⁹

    /// <summary>Has no divisor in common with 36, so that its multiples come to every id before one returns.</summary>
    private const long Step = 62_766_505_105_061;

    private static long _place = Random.Shared.NextInt64(Count);

    public static string Next(string prefix)
    {
        Int128 place = Interlocked.Increment(ref _place);
        return prefix + Spell((long)(place * Step % Count), Length);
    }

    /// <summary>A number, from 0, in so many letters and digits; what does not fit into them is left out.</summary>
    public static string Spell(long number, int length) => string.Create(length, number, static (text, rest) =>
    {
        for (int i = text.Length - 1; i >= 0; i--, rest /= Digits.Length) text[i] = Digits[(int)(rest % Digits.Length)];
    });
}
