using LongContext.Kernels;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// Rotary position embedding (Su et al. 2021) in the half-split pairing of Hugging Face checkpoints: of the R rotated leading
/// elements of a head, element i turns with element i + R/2.
/// </summary>
internal static class Rotary
{
    /// <summary>x·cos + (−x₂, x₁)·sin for rows [T, heads, headDim] and tables [T, 1, R]; elements beyond R stay.</summary>
    public static Tensor Apply(Tensor x_THD, RotaryRows rows) => Fused(x_THD, rows, backward: false) ?? ApplyByOperators(x_THD, rows);

    /// <summary>Queries and keys turned. Where kernels run it is in their own memory: nobody else may hold them.</summary>
    public static (Tensor Q_THD, Tensor K_TKD) Turn(Tensor q_THD, Tensor k_TKD, RotaryRows rows) => FusedRotary.TryRotate(q_THD, q_THD, k_TKD, k_TKD, rows, backward: false)
        ? (q_THD, k_TKD)
        : (Apply(q_THD, rows), Apply(k_TKD, rows));

    /// <summary>Queries and keys turned, or as they are where there are no rows, into tensors that lie elsewhere.</summary>
    public static void Write(Tensor q_THD, Tensor toQ_THD, Tensor k_TKD, Tensor toK_TKD, RotaryRows? rows)
    {
        if (rows is { } given && FusedRotary.TryRotate(q_THD, toQ_THD, k_TKD, toK_TKD, given, backward: false)) return;
        toQ_THD.copy_(rows is null ? q_THD : Apply(q_THD, rows.Value));
        toK_TKD.copy_(rows is null ? k_TKD : Apply(k_TKD, rows.Value));
    }

    /// <summary>The gradient of what was rotated, from the gradient of <see cref="Apply"/>'s result: the transpose, a turn the other way.</summary>
    public static Tensor Backward(Tensor gradient_THD, RotaryRows rows) =>
        Fused(gradient_THD, rows, backward: true) ?? ApplyByOperators(gradient_THD, rows with { Sin_T1R = rows.Sin_T1R.neg() });

    private static Tensor? Fused(Tensor x_THD, RotaryRows rows, bool backward)
    {
        // Asked first: a tensor for nothing would cost the CPU.
        if (FusedKernels.For(x_THD) is null) return null;
        Tensor result_THD = TensorRows.Like(x_THD);
        if (FusedRotary.TryRotate(x_THD, result_THD, null, null, rows, backward)) return result_THD;
        result_THD.Dispose();
        return null;
    }

    private static Tensor ApplyByOperators(Tensor x_THD, RotaryRows rows)
    {
        long rotated = rows.Cos_T1R.size(2), half = rotated / 2, size = x_THD.size(2);
        if (rotated == size) return TurnByOperators(x_THD, half, rows);
        return cat([TurnByOperators(x_THD.narrow(2, 0, rotated), half, rows), x_THD.narrow(2, rotated, size - rotated)], -1);
    }

    private static Tensor TurnByOperators(Tensor x_THR, long half, RotaryRows rows)
    {
        Tensor turned_THR = cat([x_THR.narrow(2, half, half).neg(), x_THR.narrow(2, 0, half)], -1);
        return (x_THR * rows.Cos_T1R).Plus(turned_THR * rows.Sin_T1R);
    }
}
