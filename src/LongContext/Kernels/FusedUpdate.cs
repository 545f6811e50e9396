// Shape suffixes: N values of a parameter, B blocks of 256 of them.
using LongContext.Cuda.Optimizers;
using LongContext.Cuda.Pointwise;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>
/// A whole parameter that an optimizer's kernel updates where it lies: weight, master and gradient are read and written in their own
/// types, without copies in float32. Operations and their rounding are the host's.
/// </summary>
/// <param name="Weight_N">The weight, taken flat.</param>
/// <param name="Master">Its float32 copy, which is updated in its place; null for none.</param>
/// <param name="Gradient_N">The gradient, in the weight's type or float32.</param>
/// <param name="RoundingKey">Key of stochastic rounding, for bfloat16; null to round to the nearest.</param>
internal readonly record struct FusedUpdate(Tensor Weight_N, Tensor? Master, Tensor Gradient_N, ulong? RoundingKey)
{
    /// <summary>AdamW; false where the kernel does not run.</summary>
    public bool TryAdamW(Tensor mean, Tensor square, in AdamWConstants constants)
    {
        if (FusedKernels.For(Weight_N, Gradient_N, mean, square, Master ?? mean) is not { } kernels || Updated is not { } weights) return false;
        if (mean.dtype != ScalarType.Float32 || !TensorRows.TryFlat(mean, out nint meanAddress) || !TensorRows.TryFlat(square, out nint squareAddress)) return false;
        kernels.AdamW.Step(weights, meanAddress, squareAddress, constants, stream: 0);
        return true;
    }

    /// <summary>AdamW over 8-bit state; false where the kernel does not run.</summary>
    /// <param name="codes">Codes of both moments [N].</param>
    /// <param name="scales">Largest magnitudes of both [B].</param>
    /// <param name="tables">Makes the trees' values and borders [4, 256] on the weight's device.</param>
    /// <param name="constants">The update's numbers.</param>
    public bool TryBlockwiseAdamW((Tensor Mean, Tensor Square) codes, (Tensor Mean_B, Tensor Square_B) scales, Func<Tensor> tables, in AdamWConstants constants)
    {
        if (FusedKernels.For(Weight_N, Gradient_N, codes.Mean, codes.Square, Master ?? scales.Mean_B) is not { } kernels || Updated is not { } weights) return false;
        if (!TensorRows.TryFlat(codes.Mean, out nint mean) || !TensorRows.TryFlat(codes.Square, out nint square)) return false;
        var state = new BlockwiseState
        {
            MeanCodes = mean,
            SquareCodes = square,
            MeanScales = scales.Mean_B.Address(),
            SquareScales = scales.Square_B.Address(),
            Tables = tables().Address(),
        };
        kernels.BlockwiseAdamW.Step(weights, state, constants, stream: 0);
        return true;
    }

    private UpdatedWeights? Updated
    {
        get
        {
            if (!FusedKernels.TryType(Weight_N.dtype, out ElementType type) || !FusedKernels.TryType(Gradient_N.dtype, out ElementType gradientType)) return null;
            if ((gradientType != type && gradientType != ElementType.Float32) || (Master is not null && type == ElementType.Float32)) return null;
            if (!TensorRows.TryFlat(Weight_N, out nint weight) || !TensorRows.TryFlat(Gradient_N, out nint gradient)) return null;
            nint master = 0;
            if (Master is not null && !TensorRows.TryFlat(Master, out master)) return null;
            return new UpdatedWeights
            {
                Type = type,
                Count = Weight_N.size(0),
                Weight = weight,
                Master = master,
                Gradient = gradient,
                GradientType = gradientType,
                RoundingKey = type == ElementType.BFloat16 && Master is null ? RoundingKey : null,
            };
        }
    }
}
