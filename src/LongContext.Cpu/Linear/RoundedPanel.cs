using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>
/// Six rows of rounded inputs as <see cref="IntegerTile"/> reads them, rows beyond the last 0: block after block, first those ≡ 0 mod 4, then ≡ 1, 2, 3; of each block four inputs of each row in turn,
/// of eight the even ones first; then six scales, then six sums of codes with their sign turned.
/// </summary>
internal static unsafe class RoundedPanel
{
    /// <summary>Bytes of a block's codes.</summary>
    public const int CodeBytes = RowPanel.Rows * InputRounding.Block;

    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = CodeBytes + (2 * RowPanel.Rows * sizeof(float));

    /// <summary>Bytes of a panel.</summary>
    public static long Size(int inputs) => (long)inputs / InputRounding.Block * BlockBytes;

    /// <summary>How many blocks b ≡ <paramref name="remainder"/> mod 4 of a row.</summary>
    public static int Blocks(int inputs, int remainder) => ((inputs / InputRounding.Block) - remainder + 3) / 4;

    /// <summary>Rounds rows.</summary>
    /// <param name="x">The first row.</param>
    /// <param name="stride">Elements from a row to the next.</param>
    /// <param name="rows">Rows, 1 … 6.</param>
    /// <param name="inputs">Numbers of a row, whole blocks.</param>
    /// <param name="panel">Where to.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* x, long stride, int rows, int inputs, byte* panel)
    {
        sbyte* codes = stackalloc sbyte[InputRounding.Block];
        Vector256<sbyte> order = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15, 0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
        int blocks = inputs / InputRounding.Block;
        for (int remainder = 0; remainder < 4; remainder++)
        {
            for (int block = remainder; block < blocks; block += 4, panel += BlockBytes)
            {
                if (rows < RowPanel.Rows) new Span<byte>(panel, BlockBytes).Clear();
                float* scales = (float*)(panel + CodeBytes);
                for (int row = 0; row < rows; row++)
                {
                    scales[row] = InputRounding.Round(x + (row * stride) + (block * InputRounding.Block), codes, out int sum);
                    scales[RowPanel.Rows + row] = -sum;
                    Avx2.Shuffle(Vector256.Load(codes), order).Store(codes);
                    for (int i = 0; i < InputRounding.Block / 4; i++) ((int*)panel)[(i * RowPanel.Rows) + row] = ((int*)codes)[i];
                }
            }
        }
    }
}
