// Shape suffixes: M values of a slice.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>Adafactor's mean of squared gradients, a value for each.</summary>
internal class SecondMoment(Tensor state, long sliceValues)
{
    /// <summary>Values of the slices that gradients are to come in.</summary>
    public virtual long SliceElements => sliceValues;

    /// <summary>mean = decay · mean + (1 − decay) · (g² + ε).</summary>
    public virtual void Update(ParameterSlices slices, double decay, double epsilon) => slices.ReadGradients(SliceElements, (g_M, start) =>
        state.narrow(0, start, g_M.size(0)).MultiplyInPlace(decay).AddInPlace(Squares(g_M, epsilon), 1 - decay));

    /// <summary>A slice of the gradient over the root of the mean, a new tensor.</summary>
    public virtual Tensor Normalized(Tensor g_M, long start) => state.narrow(0, start, g_M.size(0)).rsqrt().mul_(g_M);

    protected static Tensor Squares(Tensor g_M, double epsilon) => (g_M * g_M).AddInPlace(epsilon);
}
