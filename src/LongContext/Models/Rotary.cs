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
    public static Tensor Apply(Tensor x_THD, RotaryRows rows)
    {
        long rotated = rows.Cos_T1R.shape[2], half = rotated / 2, size = x_THD.shape[2];
        if (rotated == size) return Turn(x_THD, half, rows);
        return cat([Turn(x_THD.narrow(2, 0, rotated), half, rows), x_THD.narrow(2, rotated, size - rotated)], -1);
    }

    /// <summary>The gradient of what was rotated, from the gradient of <see cref="Apply"/>'s result: the transpose, a turn the other way.</summary>
    public static Tensor Backward(Tensor gradient_THD, RotaryRows rows) => Apply(gradient_THD, rows with { Sin_T1R = rows.Sin_T1R.neg() });

    private static Tensor Turn(Tensor x_THR, long half, RotaryRows rows)
    {
        Tensor turned_THR = cat([x_THR.narrow(2, half, half).neg(), x_THR.narrow(2, 0, half)], -1);
        return (x_THR * rows.Cos_T1R).Plus(turned_THR * rows.Sin_T1R);
    }
}
