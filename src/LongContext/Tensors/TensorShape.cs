using static TorchSharp.torch;

namespace LongContext.Tensors;

/// <summary>
/// Shapes by their dimensions. TorchSharp's <see cref="Tensor.shape"/>, and the strides as an array, make a pinned array with a finalizer at each call, by a call back from native code; <see cref="Tensor.size(int)"/> is
/// one call. A step asks for some hundred of them a layer.
/// </summary>
/// <remarks>A test keeps <c>shape[i]</c> out of this assembly.</remarks>
internal static class TensorShape
{
    /// <summary>Whether two tensors have the same shape.</summary>
    public static bool HasShapeOf(this Tensor x, Tensor other)
    {
        int dimensions = (int)x.dim();
        if (other.dim() != dimensions) return false;
        for (int i = 0; i < dimensions; i++)
        {
            if (x.size(i) != other.size(i)) return false;
        }

        return true;
    }
}
