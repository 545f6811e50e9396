// Shape suffixes: C tokens of a tile, E hidden size, F intermediate size.
using LongContext.Kernels;
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
    public Tensor Close(Tensor gate_CF, Tensor up_CF, Tile tile) =>
        down.Apply(FusedGatedUnit.Apply(shape.Activation, gate_CF, up_CF) ?? Activations.Apply(shape.Activation, gate_CF).mul_(up_CF), tile.Call);

    /// <summary>Adds the weights' gradients, and returns that of the inputs.</summary>
    /// <param name="x_CE">The inputs.</param>
    /// <param name="gate_CF">From <see cref="Open"/>.</param>
    /// <param name="up_CF">From <see cref="Open"/>.</param>
    /// <param name="gradient_CE">Gradient of what <see cref="Close"/> gave.</param>
    /// <param name="tile">The tile.</param>
    public Tensor Backward(Tensor x_CE, Tensor gate_CF, Tensor up_CF, Tensor gradient_CE, Tile tile)
    {
        using var scope = NewDisposeScope();
        GateGradients gradients = FusedGatedUnit.Apply(shape.Activation, gate_CF, up_CF) is { } product_CF
            ? GradientsFused(product_CF, gate_CF, up_CF, gradient_CE, tile)
            : GradientsByOperators(gate_CF, up_CF, gradient_CE, tile);
        if (shape.FusedProjections) return fused!.Backward(x_CE, gradients.Both_CG ?? cat([gradients.Gate_CF, gradients.Up_CF], 1), tile.Call).MoveToOuterDisposeScope();
        Tensor result_CE = gate!.Backward(x_CE, gradients.Gate_CF, tile.Call);
        return result_CE.AddInPlace(up!.Backward(x_CE, gradients.Up_CF, tile.Call)).MoveToOuterDisposeScope();
    }

    private GateGradients GradientsByOperators(Tensor gate_CF, Tensor up_CF, Tensor gradient_CE, Tile tile)
    {
        Tensor activated_CF = Activations.Apply(shape.Activation, gate_CF);
        Tensor inner_CF = down.Backward(activated_CF * up_CF, gradient_CE, tile.Call);
        Tensor upGradient_CF = activated_CF.mul_(inner_CF);
        Tensor gateGradient_CF = Activations.Backward(shape.Activation, gate_CF, inner_CF.mul_(up_CF));
        return new GateGradients(gateGradient_CF, upGradient_CF, null);
    }

    /// <summary>By kernels: written over the product and its gradient, or into one tensor where gate and up are one map.</summary>
    private GateGradients GradientsFused(Tensor product_CF, Tensor gate_CF, Tensor up_CF, Tensor gradient_CE, Tile tile)
    {
        Tensor inner_CF = down.Backward(product_CF, gradient_CE, tile.Call);
        var gradients = new GateGradients(product_CF, inner_CF, null);
        if (shape.FusedProjections)
        {
            product_CF.Dispose(); // its memory is used below
            Tensor both_CG = empty([gate_CF.size(0), 2L * shape.IntermediateSize], dtype: gate_CF.dtype, device: gate_CF.device);
            gradients = new GateGradients(both_CG.narrow(1, 0, shape.IntermediateSize), both_CG.narrow(1, shape.IntermediateSize, shape.IntermediateSize), both_CG);
        }

        FusedGatedUnit.Backward(shape.Activation, gate_CF, up_CF, inner_CF, gradients.Gate_CF, gradients.Up_CF);
        return gradients;
    }

    /// <summary>Gradients of gate and up.</summary>
    /// <param name="Gate_CF">The gate's.</param>
    /// <param name="Up_CF">Up's.</param>
    /// <param name="Both_CG">The tensor whose halves they are; null where they are apart.</param>
    private readonly record struct GateGradients(Tensor Gate_CF, Tensor Up_CF, Tensor? Both_CG);
}
