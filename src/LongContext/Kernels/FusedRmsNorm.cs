// Shape suffixes: T rows (any leading dimensions), E the last dimension.
using LongContext.Cuda.Normalization;
using LongContext.Cuda.Pointwise;
using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Kernels;

/// <summary>RMS norms by kernels; null where they do not run. Half types are rounded where the operators round them: only the order of sums differs.</summary>
internal static class FusedRmsNorm
{
    /// <summary>norm(x) · w.</summary>
    public static Tensor? Apply(Tensor x_TE, Tensor weight_E, NormShape norm)
    {
        if (FusedKernels.For(x_TE, weight_E) is not { } kernels) return null;
        if (ShapeOf(x_TE, weight_E, norm, exactWeight: true) is not { } shape || !TensorRows.TryOf(x_TE, out RowTensor x)) return null;
        Tensor y_TE = TensorRows.Like(x_TE);
        TensorRows.TryOf(y_TE, out RowTensor y);
        kernels.RmsNorm.Forward(new RmsNormArguments { Shape = shape, X = x, Weight = weight_E.Address(), Y = y }, stream: 0);
        return y_TE;
    }

    /// <summary>s = x + added, rounded to its type, and norm(s) · w.</summary>
    public static (Tensor Sum_TE, Tensor Y_TE)? ApplyToSum(Tensor x_TE, Tensor added_TE, Tensor weight_E, NormShape norm)
    {
        if (FusedKernels.For(x_TE, added_TE, weight_E) is not { } kernels || !IsLike(x_TE, added_TE)) return null;
        if (ShapeOf(x_TE, weight_E, norm, exactWeight: true) is not { } shape) return null;
        if (!TensorRows.TryOf(x_TE, out RowTensor x) || !TensorRows.TryOf(added_TE, out RowTensor residual)) return null;
        Tensor sum_TE = TensorRows.Like(x_TE), y_TE = TensorRows.Like(x_TE);
        TensorRows.TryOf(sum_TE, out RowTensor sum);
        TensorRows.TryOf(y_TE, out RowTensor y);
        kernels.RmsNorm.Forward(
            new RmsNormArguments { Shape = shape, X = x, Residual = residual, Weight = weight_E.Address(), Sum = sum, Y = y }, stream: 0);
        return (sum_TE, y_TE);
    }

    /// <summary>Gradient of the inputs; that of the weight is added to a tensor where there is one.</summary>
    /// <param name="x_TE">The inputs.</param>
    /// <param name="gradient_TE">Gradient of the result.</param>
    /// <param name="weight_E">w.</param>
    /// <param name="norm">How it computes.</param>
    /// <param name="weightGradient_E">In float32; null where the weight does not train.</param>
    /// <param name="total_TE">The inputs' gradient is added to it in float32, and rounded once; null for a tensor of its own.</param>
    /// <returns>The inputs' gradient, or <paramref name="total_TE"/>.</returns>
    public static Tensor? Backward(Tensor x_TE, Tensor gradient_TE, Tensor weight_E, NormShape norm, Func<Tensor>? weightGradient_E, Tensor? total_TE)
    {
        if (FusedKernels.For(x_TE, gradient_TE, weight_E, total_TE ?? x_TE) is not { } kernels || !IsLike(x_TE, gradient_TE) || (total_TE is not null && !IsLike(x_TE, total_TE))) return null;
        if (ShapeOf(x_TE, weight_E, norm, exactWeight: false) is not { } shape) return null;
        if (!TensorRows.TryOf(x_TE, out RowTensor x) || !TensorRows.TryOf(gradient_TE, out RowTensor gradient)) return null;
        RowTensor added = default;
        if (total_TE is not null && !TensorRows.TryOf(total_TE, out added)) return null;

        Tensor result_TE = total_TE ?? TensorRows.Like(x_TE);
        TensorRows.TryOf(result_TE, out RowTensor result);
        var arguments = new RmsNormBackwardArguments { Shape = shape, X = x, Weight = weight_E.Address(), Gradient = gradient, Added = added, Result = result };
        if (weightGradient_E is null)
        {
            kernels.RmsNorm.Backward(arguments, stream: 0);
            return result_TE;
        }

        // The weight's gradient comes in the weight's type, and is kept in float32: the weight goes in as that, without loss.
        using var scope = NewDisposeScope();
        Tensor wide_E = weight_E.to(ScalarType.Float32), total_E = weightGradient_E();
        shape = shape with { WeightType = ElementType.Float32 };
        Tensor workspace = empty([RmsNormKernel.WorkspaceBytes(shape, kernels.Context.Architecture)], dtype: ScalarType.Byte, device: x_TE.device);
        kernels.RmsNorm.Backward(
            arguments with { Shape = shape, Weight = wide_E.Address(), WeightGradient = total_E.Address(), Accumulates = true, Workspace = workspace.Address() }, stream: 0);
        return result_TE;
    }

    private static bool IsLike(Tensor x, Tensor other) => other.dtype == x.dtype && other.HasShapeOf(x);

    /// <param name="x_TE">The rows.</param>
    /// <param name="weight_E">w.</param>
    /// <param name="norm">How it computes.</param>
    /// <param name="exactWeight">Whether a weight of another type must be one that operators would round the result from.</param>
    private static RmsNormShape? ShapeOf(Tensor x_TE, Tensor weight_E, NormShape norm, bool exactWeight)
    {
        if (!FusedKernels.TryType(x_TE.dtype, out ElementType type) || !FusedKernels.TryType(weight_E.dtype, out ElementType weightType)) return null;
        if (weightType != type && (weightType != ElementType.Float32 || (exactWeight && !norm.WeightInFloat32))) return null;
        long columns = x_TE.size(-1), rows = x_TE.numel() / Math.Max(1, columns);
        if (columns == 0 || columns > int.MaxValue || rows > int.MaxValue || weight_E.numel() != columns || !weight_E.is_contiguous()) return null;
        return new RmsNormShape
        {
            Type = type,
            WeightType = weightType,
            Rows = (int)rows,
            Columns = (int)columns,
            Inner = x_TE.dim() == 3 ? (int)x_TE.size(1) : 1,
            Epsilon = norm.Epsilon,
            WeightOffset = norm.WeightOffset,
            WeightInFloat32 = norm.WeightInFloat32,
        };
    }
}
