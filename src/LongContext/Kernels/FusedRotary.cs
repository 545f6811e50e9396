// Shape suffixes: T tokens, H query heads, K key/value heads, D head size, R rotated elements of a head.
using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Rotary;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>Rotary embedding by one kernel; false where it does not run. Half types are rounded once, by operators after each product and the sum.</summary>
internal static class FusedRotary
{
    /// <summary>Turns queries and keys, into themselves or elsewhere.</summary>
    /// <param name="q_THD">Queries.</param>
    /// <param name="toQ_THD">Where they go; may be the queries themselves, but not overlap them otherwise.</param>
    /// <param name="k_TKD">Keys; null for none.</param>
    /// <param name="toK_TKD">Where they go.</param>
    /// <param name="rows">cos and sin.</param>
    /// <param name="backward">Whether to turn back.</param>
    public static bool TryRotate(Tensor q_THD, Tensor toQ_THD, Tensor? k_TKD, Tensor? toK_TKD, RotaryRows rows, bool backward)
    {
        if (FusedKernels.For(q_THD, k_TKD ?? q_THD, rows.Cos_T1R, rows.Sin_T1R) is not { } kernels) return false;
        ScalarType dataType = q_THD.dtype;
        if (!FusedKernels.TryType(dataType, out ElementType type) || rows.Cos_T1R.dtype != dataType || rows.Sin_T1R.dtype != dataType) return false;
        if (toQ_THD.dtype != dataType || (k_TKD is not null && (k_TKD.dtype != dataType || toK_TKD!.dtype != dataType))) return false;
        if (!TensorRows.TryOf(q_THD, out RowTensor q) || !TensorRows.TryOf(toQ_THD, out RowTensor toQ)) return false;
        RowTensor k = default, toK = default;
        if (k_TKD is not null && !(TensorRows.TryOf(k_TKD, out k) && TensorRows.TryOf(toK_TKD!, out toK))) return false;
        if (!TensorRows.TryOf(rows.Cos_T1R, out RowTensor cos) || !TensorRows.TryOf(rows.Sin_T1R, out RowTensor sin) || cos.Stride != sin.Stride) return false;

        kernels.Rotary.Rotate(
            new RotaryArguments
            {
                Type = type,
                TableType = type,
                Tokens = (int)q_THD.size(0),
                Heads = (int)q_THD.size(1),
                KeyHeads = k_TKD is null ? 0 : (int)k_TKD.size(1),
                Size = (int)q_THD.size(2),
                Rotated = (int)rows.Cos_T1R.size(2),
                Q = q,
                K = k,
                RotatedQ = toQ,
                RotatedK = toK,
                Cos = cos,
                Sin = sin,
                Backward = backward,
            },
            stream: 0);
        return true;
    }
}
