using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <content>Tiles of 2 rows; the shape is in the name.</content>
internal static unsafe partial class TileKernel
{
    private static void Tile2x4<TElement, TAhead>(int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        Vector512<float> c00 = default, c01 = default, c02 = default, c03 = default;
        Vector512<float> c10 = default, c11 = default, c12 = default, c13 = default;
        if (adds)
        {
            c00 = Vector512.Load(c); c01 = Vector512.Load(c + 16); c02 = Vector512.Load(c + 32); c03 = Vector512.Load(c + 48);
            c10 = Vector512.Load(c + cRow); c11 = Vector512.Load(c + cRow + 16); c12 = Vector512.Load(c + cRow + 32); c13 = Vector512.Load(c + cRow + 48);
        }

        float* a1 = a + aRow;
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
            Vector512<float> x1 = Vector512.Create(a1[i]);
            c10 = Vector512.FusedMultiplyAdd(x1, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x1, b1, c11);
            c12 = Vector512.FusedMultiplyAdd(x1, b2, c12);
            c13 = Vector512.FusedMultiplyAdd(x1, b3, c13);
            b += bStep;
        }

        c00.Store(c);
        c01.Store(c + 16);
        c02.Store(c + 32);
        c03.Store(c + 48);
        c10.Store(c + cRow);
        c11.Store(c + cRow + 16);
        c12.Store(c + cRow + 32);
        c13.Store(c + cRow + 48);
    }

    private static void Tile2x2<TElement, TAhead>(int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        Vector512<float> c00 = default, c01 = default;
        Vector512<float> c10 = default, c11 = default;
        if (adds)
        {
            c00 = Vector512.Load(c); c01 = Vector512.Load(c + 16);
            c10 = Vector512.Load(c + cRow); c11 = Vector512.Load(c + cRow + 16);
        }

        float* a1 = a + aRow;
        for (long i = 0; i < count; i++)
        {
            TAhead.Fetch(ahead, 2 * 16 * TElement.Bytes);
            ahead += aheadStep;
            Vector512<float> b0 = TElement.Load(b);
            Vector512<float> b1 = TElement.Load(b + bVector);
            Vector512<float> x0 = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x0, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x0, b1, c01);
            Vector512<float> x1 = Vector512.Create(a1[i]);
            c10 = Vector512.FusedMultiplyAdd(x1, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x1, b1, c11);
            b += bStep;
        }

        c00.Store(c);
        c01.Store(c + 16);
        c10.Store(c + cRow);
        c11.Store(c + cRow + 16);
    }

    private static void Tile2x1<TElement, TAhead>(int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        Vector512<float> c00 = default;
        Vector512<float> c10 = default;
        if (adds)
        {
            c00 = Vector512.Load(c);
            c10 = Vector512.Load(c + cRow);
        }

        float* a1 = a + aRow;
        for (long i = 0; i < count; i++)
        {
            TAhead.Fetch(ahead, 1 * 16 * TElement.Bytes);
            ahead += aheadStep;
            Vector512<float> b0 = TElement.Load(b);
            Vector512<float> x0 = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x0, b0, c00);
            Vector512<float> x1 = Vector512.Create(a1[i]);
            c10 = Vector512.FusedMultiplyAdd(x1, b0, c10);
            b += bStep;
        }

        c00.Store(c);
        c10.Store(c + cRow);
    }
}
