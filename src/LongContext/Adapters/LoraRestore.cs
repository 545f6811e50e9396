using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>
/// A saved state of an attached adapter, compared with it whole and not yet put in its place: a training checkpoint changes nothing
/// before all of its parts are known to fit.
/// </summary>
internal sealed class LoraRestore : IDisposable
{
    private readonly SafetensorsFile file;
    private readonly PeftTensors weights;
    private readonly IReadOnlyList<(LoraTensor Tensor, Tensor Target)> targets;

    public LoraRestore(SafetensorsFile file, PeftTensors weights, IReadOnlyList<(LoraTensor Tensor, Tensor Target)> targets)
    {
        this.file = file;
        this.weights = weights;
        this.targets = targets;
    }

    /// <summary>Writes the values over the adapter's, in place.</summary>
    public void Apply()
    {
        using var noGradient = no_grad();
        foreach ((LoraTensor tensor, Tensor target) in targets)
        {
            using Tensor read = weights.Read(tensor);
            target.copy_(read);
        }
    }

    public void Dispose() => file.Dispose();
}
