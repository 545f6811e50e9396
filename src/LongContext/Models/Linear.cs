// Shape suffixes: T tokens, I inputs, O outputs.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>x·Wᵀ (+ b), W [outputs, inputs], with the backward that training calls by itself.</summary>
internal sealed class Linear
{
    private readonly Parameter weight_OI;
    private readonly Parameter? bias_O;

    private Linear(string name, Parameter weight_OI, Parameter? bias_O)
    {
        Name = name;
        this.weight_OI = weight_OI;
        this.bias_O = bias_O;
    }

    /// <summary>The module's name in the checkpoint, without ".weight".</summary>
    public string Name { get; }

    /// <summary>What of it trains.</summary>
    public IEnumerable<Parameter> Trained => new[] { weight_OI, bias_O }.OfType<Parameter>().Where(parameter => parameter.Trains);

    public static Linear Find(ModelParameters parameters, string name) =>
        new(name, parameters.Find(name + ".weight"), parameters.ContainsKey(name + ".bias") ? parameters.Find(name + ".bias") : null);

    /// <summary>[T, I] → [T, O], connected to autograd where that is on.</summary>
    /// <param name="x_TI">Inputs.</param>
    /// <param name="call">Which outputs, and the seed of a training run's dropout.</param>
    public Tensor Apply(Tensor x_TI, LinearCall call = default)
    {
        if (call.Rows is not { } rows) return nn.functional.linear(x_TI, weight_OI.Value, bias_O?.Value!);
        return nn.functional.linear(x_TI, weight_OI.Value.narrow(0, rows.Start, rows.Count), bias_O?.Value.narrow(0, rows.Start, rows.Count)!);
    }

    /// <summary>Adds the gradients of what trains here, and returns that of the inputs. Without autograd.</summary>
    /// <param name="x_TI">The inputs that <see cref="Apply"/> had.</param>
    /// <param name="gradient_TO">Gradient of what it returned.</param>
    /// <param name="call">As <see cref="Apply"/> had it.</param>
    /// <returns>[T, I].</returns>
    public Tensor Backward(Tensor x_TI, Tensor gradient_TO, LinearCall call = default)
    {
        (long start, long count) = call.Rows ?? (0, weight_OI.Value.shape[0]);
        Tensor used_OI = call.Rows is null ? weight_OI.Value : weight_OI.Value.narrow(0, start, count);
        if (weight_OI.Trains) weight_OI.AddGradientProduct(gradient_TO, x_TI, start);
        if (bias_O is { Trains: true }) bias_O.Allocated().narrow(0, start, count).AddInPlace(gradient_TO.SumOfRows());
        return gradient_TO.matmul(used_OI);
    }
}
