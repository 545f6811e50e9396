using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Data.Caching;

/// <summary>Token ids between 16 and 32 bits, many at a time.</summary>
internal static class TokenConversion
{
    /// <param name="tokens">Ids from 0 to 65,535.</param>
    /// <param name="narrow">As many.</param>
    public static void Narrow(ReadOnlySpan<int> tokens, Span<ushort> narrow)
    {
        int width = Vector<ushort>.Count, half = Vector<uint>.Count, i = 0;
        ReadOnlySpan<uint> source = MemoryMarshal.Cast<int, uint>(tokens);
        for (; i <= source.Length - width; i += width)
            Vector.Narrow(new Vector<uint>(source[i..]), new Vector<uint>(source[(i + half)..])).CopyTo(narrow[i..]);
        for (; i < source.Length; i++) narrow[i] = (ushort)source[i];
    }

    /// <param name="narrow">Ids of 16 bits.</param>
    /// <param name="tokens">As many.</param>
    public static void Widen(ReadOnlySpan<ushort> narrow, Span<int> tokens)
    {
        int width = Vector<ushort>.Count, half = Vector<uint>.Count, i = 0;
        Span<uint> target = MemoryMarshal.Cast<int, uint>(tokens);
        for (; i <= narrow.Length - width; i += width)
        {
            Vector.Widen(new Vector<ushort>(narrow[i..]), out Vector<uint> low, out Vector<uint> high);
            low.CopyTo(target[i..]);
            high.CopyTo(target[(i + half)..]);
        }

        for (; i < narrow.Length; i++) target[i] = narrow[i];
    }
}
