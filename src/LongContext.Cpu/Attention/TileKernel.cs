namespace LongContext.Cpu.Attention;

/// <summary>
/// C = A·B or C += A·B for a few rows of A and a few vectors of B: C[row][v] sums a[row][i] · b[i][v] over i in rising order by FMA, each number of C in a chain of
/// its own, so that its bits depend on no other row, on no tile size, and not on where a chain is cut. Scores are such products (i over the head, lanes over keys) and so are outputs (i over keys, lanes over the head).
/// </summary>
/// <remarks>6 × 4 accumulators, 4 vectors of B and a broadcast fill the 32 registers of AVX-512; 4 chains hide the latency of a single row.</remarks>
internal static unsafe partial class TileKernel
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
    /// <param name="b">First vector of B.</param>
    /// <param name="bStep">Bytes from B's i to i + 1.</param>
    /// <param name="bVector">Bytes from a vector of B to the next.</param>
    /// <param name="c">First vector of C; vectors of a row follow one another.</param>
    /// <param name="cRow">Elements from a row of C to the next.</param>
    /// <param name="adds">Whether sums begin with what C holds, not with 0.</param>
    /// <param name="ahead">Memory that is needed soon, as much as B: a piece is asked for at each i.</param>
    /// <param name="aheadStep">Bytes from a piece to the next.</param>
    public static void Run<TElement, TAhead>(int rows, int vectors, int count, float* a, long aRow, byte* b, long bStep, long bVector, float* c, long cRow, bool adds, byte* ahead, long aheadStep)
        where TElement : struct, IElementFormat
        where TAhead : struct, IReadAhead
    {
        int done = 0;
        while (done < rows)
        {
            int step = rows - done >= 6 ? 6 : rows - done >= 4 ? 4 : rows - done >= 2 ? 2 : 1;
            float* aNow = a + (done * aRow);
            float* cNow = c + (done * cRow);
            byte* bNow = b, aheadNow = ahead;
            int left = vectors;
            for (; left >= 4; left -= 4)
            {
                switch (step)
                {
                    case 6: Tile6x4<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    case 4: Tile4x4<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    case 2: Tile2x4<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    default: Tile1x4<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                }

                bNow += 4 * bVector;
                aheadNow += 4 * 16 * TElement.Bytes;
                cNow += 4 * 16;
            }

            for (; left >= 2; left -= 2)
            {
                switch (step)
                {
                    case 6: Tile6x2<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    case 4: Tile4x2<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    case 2: Tile2x2<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    default: Tile1x2<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                }

                bNow += 2 * bVector;
                aheadNow += 2 * 16 * TElement.Bytes;
                cNow += 2 * 16;
            }

            if (left > 0)
            {
                switch (step)
                {
                    case 6: Tile6x1<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    case 4: Tile4x1<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    case 2: Tile2x1<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                    default: Tile1x1<TElement, TAhead>(count, aNow, aRow, bNow, bStep, bVector, cNow, cRow, adds, aheadNow, aheadStep); break;
                }
            }

            done += step;
        }
    }
}
