// Shape suffixes: O outputs, I inputs, T tokens.
using LongContext.Models.Quantization;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// A weight, and while it is trained the gradient that a step adds up. Training here does without autograd's own bookkeeping:
/// nothing requires gradients, and who computes one hands it over.
/// </summary>
internal sealed class Parameter(string name, Tensor value)
{
    // No tensor of another shape comes in its place.
    private readonly long[] own = value.shape;

    /// <summary>Name in the checkpoint.</summary>
    public string Name { get; } = name;

    /// <summary>The weight; of a quantised one its codes.</summary>
    public Tensor Value { get; private set; } = value;

    /// <summary>How <see cref="Value"/> is to be read where it is codes; null for a plain weight.</summary>
    public QuantizedWeight? Quantized { get; set; }

    /// <summary>Shape of the weight, quantised or not.</summary>
    public long[] Shape => Quantized?.Shape ?? own;

    /// <summary>Whether a run changes it. Gradients are computed for such parameters only.</summary>
    public bool Trains { get; set; }

    /// <summary>Type that gradients are added up in: float32 for half types, where a sum over many tiles would lose its small terms.</summary>
    public ScalarType GradientType { get; set; } = value.dtype is ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>What was added since the last <see cref="ReleaseGradient"/>; null before anything was.</summary>
    public Tensor? Gradient { get; private set; }

    /// <summary>Puts another tensor of the same shape in the weight's place, out of any dispose scope.</summary>
    /// <returns>The one that was there, which is the caller's now.</returns>
    public Tensor Exchange(Tensor value)
    {
        (Tensor before, Value) = (Value, value.DetachFromDisposeScope());
        return before;
    }

    /// <summary>Puts codes in the weight's place, and frees it.</summary>
    public void Quantize(QuantizedWeight weight)
    {
        Tensor before = Exchange(weight.Codes);
        Quantized = weight;
        before.Dispose();
    }

    /// <summary>Gradient += a tensor of the weight's shape.</summary>
    public void AddGradient(Tensor gradient)
    {
        if (Gradient is null) Gradient = gradient.to(GradientType, copy: true).DetachFromDisposeScope();
        else Gradient.AddInPlace(gradient);
    }

    /// <summary>Rows <paramref name="firstRow"/> … of the gradient += gᵀ·x, without a copy of the weight's size where the types allow.</summary>
    public void AddGradientProduct(Tensor g_TO, Tensor x_TI, long firstRow = 0)
    {
        Tensor gradient = Allocated(), rows_OI = firstRow == 0 && g_TO.size(1) == gradient.size(0) ? gradient : gradient.narrow(0, firstRow, g_TO.size(1));
        if (g_TO.dtype == GradientType) rows_OI.addmm_(g_TO.t(), x_TI, 1, 1);
        else rows_OI.AddInPlace(g_TO.t().matmul(x_TI));
    }

    /// <summary>The gradient, zeros where nothing was added yet.</summary>
    public Tensor Allocated() => Gradient ??= zeros(Value.shape, dtype: GradientType, device: Value.device).DetachFromDisposeScope();

    /// <summary>Forgets the gradient and frees its memory.</summary>
    public void ReleaseGradient()
    {
        Gradient?.Dispose();
        Gradient = null;
    }
}
