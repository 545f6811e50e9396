using System.Runtime.CompilerServices;

namespace LongContext.Tokenization.Patterns;

/// <summary>Reads code points out of UTF-16; half a pair counts as itself.</summary>
internal static class CodePoints
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int At(ReadOnlySpan<char> text, int position, out int length)
    {
        char first = text[position];
        if (char.IsHighSurrogate(first) && position + 1 < text.Length && char.IsLowSurrogate(text[position + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(first, text[position + 1]);
        }

        length = 1;
        return first;
    }

    /// <summary>The length in UTF-16 of the code point that ends at <paramref name="position"/>.</summary>
    public static int LengthBefore(ReadOnlySpan<char> text, int position) =>
        position >= 2 && char.IsLowSurrogate(text[position - 1]) && char.IsHighSurrogate(text[position - 2]) ? 2 : 1;
}
