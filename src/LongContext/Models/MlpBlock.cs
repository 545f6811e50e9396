// Shape suffixes: T tokens, E hidden size, F intermediate size.
using LongContext.Kernels;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>A layer's gated MLP: down(activation(gate(x)) · up(x)).</summary>
internal sealed partial class MlpBlock
{
    private readonly DecoderShape shape;
    private readonly Linear? fused;
    private readonly Linear? gate;
    private readonly Linear? up;
    private readonly Linear down;

    public MlpBlock(int index, DecoderShape shape, ModelParameters parameters)
    {
        this.shape = shape;
        string prefix = DecoderTensors.MlpPrefix(index);
        if (shape.FusedProjections)
        {
            fused = Linear.Find(parameters, prefix + "gate_up_proj");
        }
        else
        {
            gate = Linear.Find(parameters, prefix + "gate_proj");
            up = Linear.Find(parameters, prefix + "up_proj");
        }

        down = Linear.Find(parameters, prefix + "down_proj");
    }

    /// <summary>[T, E] → [T, E].</summary>
    public Tensor Forward(Tensor x_TE)
    {
        (Tensor gate_TF, Tensor up_TF) = Open(x_TE, default);
        return down.Apply(FusedGatedUnit.Apply(shape.Activation, gate_TF, up_TF) ?? Activations.Apply(shape.Activation, gate_TF) * up_TF);
    }
}
