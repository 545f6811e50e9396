// Shape suffixes: C tokens of a tile, E hidden size, F intermediate size.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>The MLP in training: on one tile, without autograd.</summary>
internal sealed partial class MlpBlock
{
    /// <summary>What of it trains.</summary>
    public IEnumerable<Parameter> Trained => new[] { fused, gate, up, down }.OfType<Linear>().SelectMany(linear => linear.Trained);

    /// <summary>gate(x) and up(x), from which the rest follows.</summary>
    public (Tensor Gate_CF, Tensor Up_CF) Open(Tensor x_CE, Tile tile)
    {
        if (!shape.FusedProjections) return (gate!.Apply(x_CE, tile.Call), up!.Apply(x_CE, tile.Call));
        Tensor both = fused!.Apply(x_CE, tile.Call);
        return (both.narrow(1, 0, shape.IntermediateSize), both.narrow(1, shape.IntermediateSize, shape.IntermediateSize));
    }

    /// <summary>down(activation(gate) · up).</summary>
    public Tensor Close(Tensor gate_CF, Tensor up_CF, Tile tile) => down.Apply(Activations.Apply(shape.Activation, gate_CF).mul_(up_CF), tile.Call);

    /// <summary>Adds the weights' gradients, and returns that of the inputs.</summary>
    /// <param name="x_CE">The inputs.</param>
    /// <param name="gate_CF">From <see cref="Open"/>.</param>
    /// <param name="up_CF">From <see cref="Open"/>.</param>
    /// <param name="gradient_CE">Gradient of what <see cref="Close"/> gave.</param>
    /// <param name="tile">The tile.</param>
    public Tensor Backward(Tensor x_CE, Tensor gate_CF, Tensor up_CF, Tensor gradient_CE, Tile tile)
    {
        using var scope = NewDisposeScope();
        Tensor activated_CF = Activations.Apply(shape.Activation, gate_CF);
        Tensor inner_CF = down.Backward(activated_CF * up_CF, gradient_CE, tile.Call);
        Tensor upGradient_CF = activated_CF.mul_(inner_CF);
        Tensor gateGradient_CF = Activations.Backward(shape.Activation, gate_CF, inner_CF.mul_(up_CF));
        if (shape.FusedProjections) return fused!.Backward(x_CE, cat([gateGradient_CF, upGradient_CF], 1), tile.Call).MoveToOuterDisposeScope();
        Tensor result_CE = gate!.Backward(x_CE, gateGradient_CF, tile.Call);
        return result_CE.AddInPlace(up!.Backward(x_CE, upGradient_CF, tile.Call)).MoveToOuterDisposeScope();
    }
}
