// Shape suffixes: T tokens, I inputs, O outputs.
using LongContext.Adapters;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// x·Wᵀ (+ b), W [outputs, inputs], with the backward that training calls by itself. W may be quantised, and is then computed anew
/// each time; an adapter may be attached.
/// </summary>
internal sealed class Linear
{
    private readonly Parameter? bias_O;

    private Linear(string name, Parameter weight_OI, Parameter? bias_O)
    {
        Name = name;
        Weight = weight_OI;
        this.bias_O = bias_O;
    }

    /// <summary>The module's name in the checkpoint, without ".weight".</summary>
    public string Name { get; }

    /// <summary>W [O, I].</summary>
    public Parameter Weight { get; private set; }

    /// <summary>b [O], where there is one.</summary>
    public Parameter? Bias => bias_O;

    /// <summary>What is added to W; null for nothing.</summary>
    public LoraLayer? Adapter { get; set; }

    /// <summary>Told of the inputs of every <see cref="Apply"/>; null for nobody.</summary>
    public Action<Linear, Tensor>? Observer { get; set; }

    public long Outputs => Weight.Shape[0];

    public long Inputs => Weight.Shape[1];

    /// <summary>What of it trains.</summary>
    public IEnumerable<Parameter> Trained => new[] { Weight, bias_O }.OfType<Parameter>().Concat(Adapter?.Parameters ?? []).Where(parameter => parameter.Trains);

    public static Linear Find(ModelParameters parameters, string name)
    {
        string bias = name + ".bias";
        var linear = new Linear(name, parameters.Find(name + ".weight"), parameters.ContainsKey(bias) ? parameters.Find(bias) : null);
        parameters.Linears.Add(linear);
        return linear;
    }

    /// <summary>A map whose weight has another name, such as a head tied to the embedding.</summary>
    public static Linear Over(Parameter weight_OI, string name) => new(name, weight_OI, null);

    /// <summary>Uses another weight from now on.</summary>
    public void Rebind(Parameter weight_OI) => Weight = weight_OI;

    /// <summary>[T, I] → [T, O], connected to autograd where that is on.</summary>
    /// <param name="x_TI">Inputs.</param>
    /// <param name="call">Which outputs, and the seed of a training run's dropout.</param>
    public Tensor Apply(Tensor x_TI, LinearCall call = default)
    {
        Observer?.Invoke(this, x_TI);
        (long start, long count) = Range(call);
        Tensor? bias = bias_O is null ? null : Rows(bias_O.Value, start, count);
        Tensor rows_OI = WeightRows(start, count, x_TI.dtype);
        using Tensor? made_OI = MadeForOneCall(rows_OI);
        return Adapter is { } adapter ? adapter.Apply(this, rows_OI, bias, x_TI, call) : nn.functional.linear(x_TI, rows_OI, bias!);
    }

    /// <summary>Adds the gradients of what trains here, and returns that of the inputs. Without autograd.</summary>
    /// <param name="x_TI">The inputs that <see cref="Apply"/> had.</param>
    /// <param name="gradient_TO">Gradient of what it returned.</param>
    /// <param name="call">As <see cref="Apply"/> had it.</param>
    /// <returns>[T, I].</returns>
    public Tensor Backward(Tensor x_TI, Tensor gradient_TO, LinearCall call = default)
    {
        (long start, long count) = Range(call);
        if (Weight.Trains) Weight.AddGradientProduct(gradient_TO, x_TI, start);
        if (bias_O is { Trains: true }) bias_O.Allocated().narrow(0, start, count).AddInPlace(gradient_TO.SumOfRows());
        Tensor rows_OI = WeightRows(start, count, gradient_TO.dtype);
        using Tensor? made_OI = MadeForOneCall(rows_OI);
        return Adapter is { } adapter ? adapter.Backward(this, rows_OI, x_TI, gradient_TO, call) : gradient_TO.matmul(rows_OI);
    }

    /// <summary>The outputs that a call asks for.</summary>
    public (long Start, long Count) Range(LinearCall call) => call.Rows ?? (0, Outputs);

    /// <summary>Rows of W, without the adapter; of a quantised one made anew.</summary>
    public Tensor WeightRows(long start, long count, ScalarType dataType) =>
        Weight.Quantized is { } quantized ? quantized.Dequantize(start, count, dataType) : Rows(Weight.Value, start, count);

    /// <summary>Rows that were made anew and go at once, so that of a layer's matrices one exists at a time; what autograd needs of them it holds. Null for the weight itself.</summary>
    private Tensor? MadeForOneCall(Tensor rows_OI) => Weight.Quantized is null ? null : rows_OI;

    private Tensor Rows(Tensor of, long start, long count) => count == Outputs ? of : of.narrow(0, start, count);
}
