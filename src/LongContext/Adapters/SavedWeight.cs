using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>A weight of the base of which an adapter has its own copy, put in its place while the adapter is attached.</summary>
/// <param name="name">PEFT's name for it.</param>
/// <param name="target">The base's parameter.</param>
/// <param name="own">The adapter's copy.</param>
internal sealed class SavedWeight(string name, Parameter target, Tensor own)
{
    private bool isInPlace;

    public string Name => name;

    public Parameter Target => target;

    /// <summary>Whichever of the two is not in the model.</summary>
    public Tensor Spare { get; private set; } = own;

    /// <summary>The adapter's copy, wherever it is.</summary>
    public Tensor Own => isInPlace ? target.Value : Spare;

    /// <summary>The adapter's into the model, or the base's back.</summary>
    public void Swap()
    {
        Spare = target.Exchange(Spare);
        target.ReleaseGradient();
        isInPlace = !isInPlace;
        target.Trains = isInPlace;
    }
}
