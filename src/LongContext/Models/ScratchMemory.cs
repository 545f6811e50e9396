using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Memory in which weights are converted piece by piece, kept for the whole of a load.</summary>
/// <remarks>
/// More is asked for than is used, and only what is used becomes resident: above glibc's largest threshold (32 MB) a block is mapped and
/// given back at once, where smaller ones leave the heap some hundred megabytes larger (measured: 269 MB above a model of 992 MB, with
/// this 97).
/// </remarks>
internal sealed class ScratchMemory : IDisposable
{
    public const long Bytes = 40 << 20;

    private readonly Dictionary<ScalarType, Tensor> rows = [];

    /// <summary>Elements of a row.</summary>
    public static long Elements(ScalarType dataType) => Bytes / dataType switch { ScalarType.Float64 => 8, ScalarType.Float32 => 4, _ => 2 };

    /// <summary>A row of <see cref="Bytes"/> of a floating-point type; the same one each time.</summary>
    public Tensor Row(ScalarType dataType)
    {
        if (rows.TryGetValue(dataType, out Tensor? row)) return row;
        row = empty([Elements(dataType)], dtype: dataType).DetachFromDisposeScope();
        rows.Add(dataType, row);
        return row;
    }

    public void Dispose()
    {
        foreach (Tensor row in rows.Values) row.Dispose();
        rows.Clear();
    }
}
