using System.Numerics;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>Rows whose length is a multiple of a vector's.</summary>
internal static class Lines
{
    public static T Dot<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : struct, IFloatingPointIeee754<T>
    {
        Vector<T> sum = Vector<T>.Zero;
        for (int i = 0; i < a.Length; i += Vector<T>.Count) sum += new Vector<T>(a[i..]) * new Vector<T>(b[i..]);
        return Vector.Sum(sum);
    }

    public static void AddScaled<T>(Span<T> target, ReadOnlySpan<T> source, T factor)
        where T : struct, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < target.Length; i += Vector<T>.Count)
            (new Vector<T>(target[i..]) + (new Vector<T>(source[i..]) * factor)).CopyTo(target[i..]);
    }
}
