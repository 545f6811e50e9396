using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Rows of a quantised matrix on the CPU: who knows the codes fills a row in float32, and here it is rounded to the type asked for.</summary>
internal static class HostRows
{
    /// <summary>Below this many values a second thread costs more than it gives.</summary>
    private const long ElementsOfOneThread = 1 << 16;

    /// <summary>Fills a row in float32.</summary>
    public delegate void Fill(long row, Span<float> values);

    /// <summary>Writes rows into a contiguous matrix on the CPU.</summary>
    /// <param name="firstRow">The first row.</param>
    /// <param name="result_RC">Where the values go.</param>
    /// <param name="fill">Fills a row; by several threads at once.</param>
    public static void Read(long firstRow, Tensor result_RC, Fill fill)
    {
        if (result_RC.numel() == 0) return;
        switch (result_RC.dtype)
        {
            case ScalarType.Float32: Read<float, SingleRounding>(firstRow, result_RC, fill); break;
            case ScalarType.Float64: Read<double, DoubleRounding>(firstRow, result_RC, fill); break;
            case ScalarType.BFloat16: Read<ushort, BFloat16Rounding>(firstRow, result_RC, fill); break;
            case ScalarType.Float16: Read<Half, HalfRounding>(firstRow, result_RC, fill); break;
            default: throw new NotSupportedException($"Quantised weights cannot be read as {result_RC.dtype}.");
        }
    }

    private static unsafe void Read<T, TRounding>(long firstRow, Tensor result_RC, Fill fill)
        where T : unmanaged
        where TRounding : IHostRounding<T>
    {
        T* target = (T*)result_RC.DataPointer();
        long rows = result_RC.size(0);
        int columns = checked((int)result_RC.size(1));
        if (result_RC.numel() > ElementsOfOneThread)
        {
            Parallel.For(0, rows, () => new float[columns], (row, _, values) => { ReadRow(row, values); return values; }, _ => { });
            return;
        }

        var scratch = new float[columns];
        for (long row = 0; row < rows; row++) ReadRow(row, scratch);

        void ReadRow(long row, float[] values)
        {
            fill(firstRow + row, values);
            T* to = target + (row * columns);
            for (int i = 0; i < values.Length; i++) to[i] = TRounding.Of(values[i]);
        }
    }
}
