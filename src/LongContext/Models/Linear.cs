using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>x·Wᵀ (+ b), W [outputs, inputs].</summary>
internal readonly record struct Linear(Tensor Weight, Tensor? Bias)
{
    public static Linear Find(ModelParameters parameters, string name) =>
        new(parameters[name + ".weight"], parameters.TryGetValue(name + ".bias", out Tensor? bias) ? bias : null);

    public Tensor Apply(Tensor x) => nn.functional.linear(x, Weight, Bias!);
}
