// Shape suffixes: R rows, C columns, P bytes of a row.
using LongContext.Cuda.Dequantization;
using LongContext.Cuda.Pointwise;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>Weights from their codes by one kernel, with the operators' bits; null where it does not run.</summary>
internal static class FusedDequantization
{
    /// <summary>Some rows of a matrix in NF4.</summary>
    /// <param name="codes_RP">The whole matrix's codes.</param>
    /// <param name="magnitudes">Of all blocks: float32, or codes.</param>
    /// <param name="groups">Magnitudes of groups of codes; null where magnitudes are float32.</param>
    /// <param name="table">Values of those codes.</param>
    /// <param name="mean">Added to magnitudes from codes.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="rows">First row and number of rows.</param>
    /// <param name="dataType">Type of the result.</param>
    public static Tensor? Nf4(Tensor codes_RP, Tensor magnitudes, Tensor? groups, Tensor? table, double mean, long columns, (long First, long Count) rows, ScalarType dataType)
    {
        if (FusedKernels.For(codes_RP, magnitudes) is not { } kernels || !FusedKernels.TryType(dataType, out ElementType type)) return null;
        if (rows.Count == 0 || !TensorRows.TryFlat(codes_RP, out nint codes) || !TensorRows.TryFlat(magnitudes, out nint magnitude)) return null;
        Tensor result_RC = empty([rows.Count, columns], dtype: dataType, device: codes_RP.device);
        kernels.Dequantization.Nf4(
            new Nf4Arguments
            {
                Type = type,
                Rows = rows.Count,
                Columns = (int)columns,
                Codes = codes + (nint)(rows.First * codes_RP.size(1)),
                FirstRow = rows.First,
                Magnitudes = magnitude,
                Groups = groups?.Address() ?? 0,
                Table = table?.Address() ?? 0,
                Mean = mean,
                Values = result_RC.Address(),
            },
            stream: 0);
        return result_RC;
    }

    /// <summary>Some rows of a matrix in 8-bit whole numbers with a factor for each row.</summary>
    public static Tensor? EightBit(Tensor codes_RC, Tensor factors_R, (long First, long Count) rows, ScalarType dataType)
    {
        if (FusedKernels.For(codes_RC, factors_R) is not { } kernels || !FusedKernels.TryType(dataType, out ElementType type)) return null;
        if (rows.Count == 0 || !TensorRows.TryFlat(codes_RC, out nint codes) || !TensorRows.TryFlat(factors_R, out nint factors)) return null;
        long columns = codes_RC.size(1);
        Tensor result_RC = empty([rows.Count, columns], dtype: dataType, device: codes_RC.device);
        kernels.Dequantization.EightBit(
            new EightBitArguments
            {
                Type = type,
                Rows = rows.Count,
                Columns = (int)columns,
                Codes = codes + (nint)(rows.First * columns),
                Factors = factors + (nint)(rows.First * sizeof(float)),
                Values = result_RC.Address(),
            },
            stream: 0);
        return result_RC;
    }
}
