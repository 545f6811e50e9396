using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>A stretch of a parameter, in the type and on the device that the update is computed in.</summary>
/// <param name="Weight">Values to update in place.</param>
/// <param name="Gradient">Their gradients; not to be changed.</param>
/// <param name="Start">Index of the first in the parameter, taken flat.</param>
/// <param name="Count">How many.</param>
internal readonly record struct WeightSlice(Tensor Weight, Tensor Gradient, long Start, long Count)
{
    /// <summary>The same stretch of a tensor of the parameter's size.</summary>
    public Tensor Of(Tensor state) => state.view(-1).narrow(0, Start, Count);
}
