// Shape suffixes: T rows, H heads of a row, D elements of a head.
using LongContext.Cuda.Pointwise;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>Tensors as kernels see them: rows some elements apart, each without holes.</summary>
internal static class TensorRows
{
    /// <summary>
    /// The rows along the first dimension of [T, D] or [T, H, D], which may be a slice of a wider tensor; of more dimensions, or one, only
    /// without holes. False for another layout, and for an empty tensor.
    /// </summary>
    public static bool TryOf(Tensor x, out RowTensor rows)
    {
        rows = default;
        long count = x.numel();
        if (count == 0) return false;
        int dimensions = (int)x.dim();
        if (dimensions is not (2 or 3))
        {
            if (!x.is_contiguous()) return false;
            rows = new RowTensor(x.Address(), dimensions == 0 ? 1 : x.size(-1));
            return true;
        }

        long columns = count / x.size(0);
        bool whole = (x.size(-1) == 1 || x.stride(-1) == 1) && (dimensions == 2 || x.size(1) == 1 || x.stride(1) == x.size(2));
        if (!whole || (x.size(0) > 1 && x.stride(0) < columns)) return false;
        rows = new RowTensor(x.Address(), x.size(0) == 1 ? columns : x.stride(0));
        return true;
    }

    /// <summary>A vector's address; false where it has holes or nothing.</summary>
    public static bool TryFlat(Tensor x, out nint address)
    {
        address = x.is_contiguous() ? x.Address() : 0;
        return address != 0;
    }

    /// <summary>A new tensor without holes.</summary>
    public static Tensor Like(Tensor x) => empty(x.shape, dtype: x.dtype, device: x.device);
}
