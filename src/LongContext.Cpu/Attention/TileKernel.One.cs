using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <content>Tiles of 1 row; the shape is in the name.</content>
internal static unsafe partial class TileKernel
{
    private static void Tile1x4<TElement, TAhead>(int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        Vector512<float> c00 = default, c01 = default, c02 = default, c03 = default;
        if (adds)
        {
            c00 = Vector512.Load(c); c01 = Vector512.Load(c + 16); c02 = Vector512.Load(c + 32); c03 = Vector512.Load(c + 48);
        }

        for (long i = 0; i < count; i++)
        {
            TAhead.Fetch(ahead, 4 * 16 * TElement.Bytes);
            ahead += aheadStep;
            Vector512<float> b0 = TElement.Load(b);
            Vector512<float> b1 = TElement.Load(b + bVector);
            Vector512<float> b2 = TElement.Load(b + (2 * bVector));
            Vector512<float> b3 = TElement.Load(b + (3 * bVector));
            Vector512<float> x0 = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x0, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x0, b1, c01);
            c02 = Vector512.FusedMultiplyAdd(x0, b2, c02);
            c03 = Vector512.FusedMultiplyAdd(x0, b3, c03);
            b += bStep;
        }

        c00.Store(c);
        c01.Store(c + 16);
        c02.Store(c + 32);
        c03.Store(c + 48);
    }

    private static void Tile1x2<TElement, TAhead>(int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        Vector512<float> c00 = default, c01 = default;
        if (adds)
        {
            c00 = Vector512.Load(c); c01 = Vector512.Load(c + 16);
        }

        for (long i = 0; i < count; i++)
        {
            TAhead.Fetch(ahead, 2 * 16 * TElement.Bytes);
            ahead += aheadStep;
            Vector512<float> b0 = TElement.Load(b);
            Vector512<float> b1 = TElement.Load(b + bVector);
            Vector512<float> x0 = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x0, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x0, b1, c01);
            b += bStep;
        }

        c00.Store(c);
        c01.Store(c + 16);
    }

    private static void Tile1x1<TElement, TAhead>(int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        Vector512<float> c00 = default;
        if (adds)
        {
            c00 = Vector512.Load(c);
        }

        for (long i = 0; i < count; i++)
        {
            TAhead.Fetch(ahead, 1 * 16 * TElement.Bytes);
            ahead += aheadStep;
            Vector512<float> b0 = TElement.Load(b);
            Vector512<float> x0 = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x0, b0, c00);
            b += bStep;
        }

        c00.Store(c);
    }
}
