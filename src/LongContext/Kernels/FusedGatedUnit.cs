// Shape suffixes: C tokens, F intermediate size.
using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Pointwise;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>activation(gate) · up by one kernel. Half types are rounded once, by operators after the activation as well.</summary>
internal static class FusedGatedUnit
{
    /// <summary>The product; null where the kernel does not run.</summary>
    public static Tensor? Apply(Activation activation, Tensor gate_CF, Tensor up_CF)
    {
        if (FusedKernels.For(gate_CF, up_CF) is not { } kernels || ArgumentsOf(activation, gate_CF, up_CF) is not { } arguments) return null;
        Tensor product_CF = TensorRows.Like(gate_CF);
        TensorRows.TryOf(product_CF, out RowTensor product);
        kernels.GatedUnit.Forward(arguments with { Product = product }, stream: 0);
        return product_CF;
    }

    /// <summary>Gradients of gate and up from that of the product, where <see cref="Apply"/> ran.</summary>
    /// <param name="activation">The activation.</param>
    /// <param name="gate_CF">The gate.</param>
    /// <param name="up_CF">Up.</param>
    /// <param name="gradient_CF">Gradient of the product.</param>
    /// <param name="toGate_CF">Gets the gate's, without holes within rows; may be any of the three before, or the product's memory.</param>
    /// <param name="toUp_CF">Gets up's; likewise.</param>
    public static void Backward(Activation activation, Tensor gate_CF, Tensor up_CF, Tensor gradient_CF, Tensor toGate_CF, Tensor toUp_CF)
    {
        using var scope = NewDisposeScope();
        GatedUnitArguments arguments = ArgumentsOf(activation, gate_CF, up_CF)!.Value;
        if (!TensorRows.TryOf(gradient_CF, out RowTensor gradient)) TensorRows.TryOf(gradient_CF.contiguous(), out gradient);
        TensorRows.TryOf(toGate_CF, out RowTensor toGate);
        TensorRows.TryOf(toUp_CF, out RowTensor toUp);
        FusedKernels.For(gate_CF, up_CF)!.GatedUnit.Backward(arguments with { Gradient = gradient, GateGradient = toGate, UpGradient = toUp }, stream: 0);
    }

    private static GatedUnitArguments? ArgumentsOf(Activation activation, Tensor gate_CF, Tensor up_CF)
    {
        if (!FusedKernels.TryType(gate_CF.dtype, out ElementType type) || up_CF.dtype != gate_CF.dtype || gate_CF.dim() != 2) return null;
        if (!TensorRows.TryOf(gate_CF, out RowTensor gate) || !TensorRows.TryOf(up_CF, out RowTensor up)) return null;
        return new GatedUnitArguments
        {
            Type = type,
            Activation = (GatedActivation)activation,
            Rows = gate_CF.size(0),
            Columns = (int)gate_CF.size(1),
            Gate = gate,
            Up = up,
        };
    }
}
