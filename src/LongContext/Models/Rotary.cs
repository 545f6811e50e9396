using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Rotary position embedding (Su et al. 2021) in the half-split pairing of Hugging Face checkpoints: value i turns with value i + headDim/2.</summary>
internal static class Rotary
{
    /// <summary>x·cos + (−x₂, x₁)·sin for rows [T, heads, headDim] and tables [T, 1, headDim].</summary>
    public static Tensor Apply(Tensor x_THD, Tensor cos_T1D, Tensor sin_T1D)
    {
        long half = x_THD.shape[2] / 2;
        Tensor turned_THD = cat([x_THD.narrow(2, half, half).neg(), x_THD.narrow(2, 0, half)], -1);
        return x_THD * cos_T1D + turned_THD * sin_T1D;
    }
}
