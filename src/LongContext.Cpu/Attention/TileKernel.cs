using System.Runtime.Intrinsics;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Attention;

/// <summary>
/// C = A·B or C += A·B for a few rows of A and a few vectors of B: C[row][v] sums a[row][i] · b[i][v] over i in rising order by FMA, each number of C in a chain of
/// its own, so that its bits depend on no other row, on no tile size, and not on where a chain is cut. Scores are such products (i over the head, lanes over keys) and so are outputs (i over keys, lanes over the head).
/// Of a format of pairs (<see cref="IElementFormat.HasPairs"/>) i counts pairs, A holds two int16 where it says float32, and C int32.
/// </summary>
/// <remarks>6 × 4 accumulators, 4 vectors of B and a broadcast fill the 32 registers of AVX-512; 4 chains hide the latency of a single row.</remarks>
internal static unsafe class TileKernel
{
    /// <summary>Rows of the widest tile.</summary>
    public const int Rows = 6;

    /// <summary>Vectors of the widest tile.</summary>
    public const int Vectors = 4;

    /// <summary>Computes up to <see cref="Rows"/> rows by any number of vectors.</summary>
    /// <param name="rows">Rows, 1 to 6.</param>
    /// <param name="vectors">Vectors of B and C.</param>
    /// <param name="count">Length of the sums.</param>
    /// <param name="a">First number of A.</param>
    /// <param name="aRow">Elements from a row of A to the next.</param>
    /// <param name="b">First vector of B; the others follow.</param>
    /// <param name="bStep">Bytes from B's i to i + 1.</param>
    /// <param name="c">First vector of C; vectors of a row follow one another.</param>
    /// <param name="cRow">Elements from a row of C to the next.</param>
    /// <param name="adds">Whether sums begin with what C holds, not with 0.</param>
    /// <param name="ahead">Memory that is needed soon, as much as B: a piece is asked for at each i.</param>
    /// <param name="aheadStep">Bytes from a piece to the next.</param>
    public static void Run<TElement, TAhead>(int rows, int vectors, int count, float* a, long aRow, byte* b, long bStep, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        for (int done = 0; done < rows;)
        {
            int height = rows - done >= 6 ? 6 : rows - done >= 4 ? 4 : rows - done >= 2 ? 2 : 1, column = 0;
            var tile = new Tile { Count = count, A = a + (done * aRow), ARow = aRow, B = b, BStep = bStep, C = c + (done * cRow), CRow = cRow, Adds = adds, Ahead = ahead, AheadStep = aheadStep };
            for (; vectors - column >= 4; column += 4) Run<FourColumns, TElement, TAhead>(ref tile, height);
            for (; vectors - column >= 2; column += 2) Run<TwoColumns, TElement, TAhead>(ref tile, height);
            if (vectors > column) Run<OneColumn, TElement, TAhead>(ref tile, height);
            done += height;
        }
    }

    /// <summary>Some columns; moves on to the next ones.</summary>
    private static void Run<TColumns, TElement, TAhead>(ref Tile tile, int height)
        where TColumns : struct, IColumns<TColumns>
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        switch (height)
        {
            case 6: Rows6<TColumns, TElement, TAhead>(tile); break;
            case 4: Rows4<TColumns, TElement, TAhead>(tile); break;
            case 2: Rows2<TColumns, TElement, TAhead>(tile); break;
            default: Rows1<TColumns, TElement, TAhead>(tile); break;
        }

        tile.B += TColumns.Count * 16 * TElement.Bytes;
        tile.Ahead += TColumns.Count * 16 * TElement.Bytes;
        tile.C += TColumns.Count * 16;
    }

    private static void Rows1<TColumns, TElement, TAhead>(in Tile tile)
        where TColumns : struct, IColumns<TColumns>
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        TColumns c0 = default;
        if (tile.Adds)
        {
            c0 = TColumns.Load(tile.C);
        }

        byte* b = tile.B, ahead = tile.Ahead;
        long bStep = tile.BStep, aheadStep = tile.AheadStep;
        float* a0 = tile.A;
        for (long i = 0; i < tile.Count; i++, b += bStep, ahead += aheadStep)
        {
            TAhead.Fetch(ahead, TColumns.Count * 16 * TElement.Bytes);
            TColumns now = TColumns.Read<TElement>(b);
            c0.Add<TElement>(Vector512.Create(a0[i]), now);
        }

        c0.Store(tile.C);
    }

    private static void Rows2<TColumns, TElement, TAhead>(in Tile tile)
        where TColumns : struct, IColumns<TColumns>
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        TColumns c0 = default, c1 = default;
        if (tile.Adds)
        {
            c0 = TColumns.Load(tile.C);
            c1 = TColumns.Load(tile.C + tile.CRow);
        }

        byte* b = tile.B, ahead = tile.Ahead;
        long bStep = tile.BStep, aheadStep = tile.AheadStep;
        float* a0 = tile.A, a1 = tile.A + tile.ARow;
        for (long i = 0; i < tile.Count; i++, b += bStep, ahead += aheadStep)
        {
            TAhead.Fetch(ahead, TColumns.Count * 16 * TElement.Bytes);
            TColumns now = TColumns.Read<TElement>(b);
            c0.Add<TElement>(Vector512.Create(a0[i]), now);
            c1.Add<TElement>(Vector512.Create(a1[i]), now);
        }

        c0.Store(tile.C);
        c1.Store(tile.C + tile.CRow);
    }

    private static void Rows4<TColumns, TElement, TAhead>(in Tile tile)
        where TColumns : struct, IColumns<TColumns>
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        TColumns c0 = default, c1 = default, c2 = default, c3 = default;
        if (tile.Adds)
        {
            c0 = TColumns.Load(tile.C);
            c1 = TColumns.Load(tile.C + tile.CRow);
            c2 = TColumns.Load(tile.C + (2 * tile.CRow));
            c3 = TColumns.Load(tile.C + (3 * tile.CRow));
        }

        byte* b = tile.B, ahead = tile.Ahead;
        long bStep = tile.BStep, aheadStep = tile.AheadStep;
        float* a0 = tile.A, a1 = tile.A + tile.ARow, a2 = tile.A + (2 * tile.ARow), a3 = tile.A + (3 * tile.ARow);
        for (long i = 0; i < tile.Count; i++, b += bStep, ahead += aheadStep)
        {
            TAhead.Fetch(ahead, TColumns.Count * 16 * TElement.Bytes);
            TColumns now = TColumns.Read<TElement>(b);
            c0.Add<TElement>(Vector512.Create(a0[i]), now);
            c1.Add<TElement>(Vector512.Create(a1[i]), now);
            c2.Add<TElement>(Vector512.Create(a2[i]), now);
            c3.Add<TElement>(Vector512.Create(a3[i]), now);
        }

        c0.Store(tile.C);
        c1.Store(tile.C + tile.CRow);
        c2.Store(tile.C + (2 * tile.CRow));
        c3.Store(tile.C + (3 * tile.CRow));
    }

    private static void Rows6<TColumns, TElement, TAhead>(in Tile tile)
        where TColumns : struct, IColumns<TColumns>
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        TColumns c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        if (tile.Adds)
        {
            c0 = TColumns.Load(tile.C);
            c1 = TColumns.Load(tile.C + tile.CRow);
            c2 = TColumns.Load(tile.C + (2 * tile.CRow));
            c3 = TColumns.Load(tile.C + (3 * tile.CRow));
            c4 = TColumns.Load(tile.C + (4 * tile.CRow));
            c5 = TColumns.Load(tile.C + (5 * tile.CRow));
        }

        byte* b = tile.B, ahead = tile.Ahead;
        long bStep = tile.BStep, aheadStep = tile.AheadStep;
        float* a0 = tile.A, a1 = tile.A + tile.ARow, a2 = tile.A + (2 * tile.ARow), a3 = tile.A + (3 * tile.ARow), a4 = tile.A + (4 * tile.ARow), a5 = tile.A + (5 * tile.ARow);
        for (long i = 0; i < tile.Count; i++, b += bStep, ahead += aheadStep)
        {
            TAhead.Fetch(ahead, TColumns.Count * 16 * TElement.Bytes);
            TColumns now = TColumns.Read<TElement>(b);
            c0.Add<TElement>(Vector512.Create(a0[i]), now);
            c1.Add<TElement>(Vector512.Create(a1[i]), now);
            c2.Add<TElement>(Vector512.Create(a2[i]), now);
            c3.Add<TElement>(Vector512.Create(a3[i]), now);
            c4.Add<TElement>(Vector512.Create(a4[i]), now);
            c5.Add<TElement>(Vector512.Create(a5[i]), now);
        }

        c0.Store(tile.C);
        c1.Store(tile.C + tile.CRow);
        c2.Store(tile.C + (2 * tile.CRow));
        c3.Store(tile.C + (3 * tile.CRow));
        c4.Store(tile.C + (4 * tile.CRow));
        c5.Store(tile.C + (5 * tile.CRow));
    }

    /// <summary>What a tile reads and writes; see <see cref="Run{TElement, TAhead}"/>.</summary>
    private ref struct Tile
    {
        public int Count;
        public float* A;
        public long ARow;
        public byte* B;
        public long BStep;
        public float* C;
        public long CRow;
        public bool Adds;
        public byte* Ahead;
        public long AheadStep;
    }
}
