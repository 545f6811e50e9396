using LongContext.Adapters;
using LongContext.Cpu.Linear;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;
using LongContext.Models;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>A linear map as kernels read it, with what an adapter adds: y = W·x + b + s·B·(A·x) (Hu et al. 2021, arXiv:2106.09685, eq. 3).</summary>
internal sealed unsafe class CpuLinear
{
    private readonly WeightMatrix weight;
    private readonly nint bias;
    private readonly WeightMatrix? a;
    private readonly WeightMatrix? b;
    private readonly float scale;

    /// <summary>The map as it is now.</summary>
    /// <param name="linear">The model's map.</param>
    /// <param name="tensors">Keeps what is read.</param>
    /// <param name="dataType">The model's type.</param>
    public CpuLinear(Linear linear, CpuTensors tensors, ScalarType dataType)
    {
        tensors.Watch(linear);
        weight = tensors.Matrix(linear.Weight, dataType);
        if (linear.Bias is not null) bias = tensors.Floats(linear.Bias);
        if (linear.Adapter is not { } adapter) return;
        if (WhyNot(adapter) is { } reason) throw new NotSupportedException(reason);
        (a, b, scale) = (tensors.Matrix(adapter.A, dataType), tensors.Matrix(adapter.B, dataType), (float)adapter.Scale);
        if (adapter.Bias is null) return;
        using var scope = NewDisposeScope();
        Tensor sum = adapter.MergeBias(linear.Bias?.Value.to(ScalarType.Float32) ?? zeros(linear.Outputs, dtype: ScalarType.Float32), adapter.Bias.Value.to(ScalarType.Float32));
        bias = tensors.Keep(sum);
    }

    private CpuLinear(CpuLinear whole, int start, int count)
    {
        weight = Rows(whole.weight, start, count);
        bias = whole.bias == 0 ? 0 : whole.bias + ((nint)start * sizeof(float));
        (a, scale) = (whole.a, whole.scale);
        if (whole.b is { } low) b = Rows(low, start, count);
    }

    /// <summary>Numbers of a result.</summary>
    public int Outputs => weight.Outputs;

    /// <summary>Numbers of an input.</summary>
    public int Inputs => weight.Inputs;

    /// <summary>Numbers between A and B; 0 without an adapter.</summary>
    public int Rank => a?.Outputs ?? 0;

    /// <summary>Why an adapter cannot be run; null where it can.</summary>
    public static string? WhyNot(LoraLayer adapter) => adapter.Magnitude is null ? null : $"the adapter of '{adapter.Module}' has magnitudes (DoRA)";

    /// <summary>Some of the outputs.</summary>
    public CpuLinear Part(int start, int count) => new(this, start, count);

    /// <summary>Computes rows.</summary>
    /// <param name="team">Who computes.</param>
    /// <param name="x">[rows, inputs].</param>
    /// <param name="xStride">Elements from a row of x to the next.</param>
    /// <param name="y">[rows, outputs].</param>
    /// <param name="yStride">Elements from a row of y to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="low">Room for [rows, rank].</param>
    /// <param name="adds">Whether the result is added to what y holds.</param>
    public void Apply(CpuTeam team, float* x, long xStride, float* y, long yStride, int rows, float* low, bool adds)
    {
        LinearKernel.Apply(team, weight, x, xStride, y, yStride, rows, (float*)bias, adds);
        if (a is not { } first || b is not { } second) return;
        LinearKernel.Apply(team, first, x, xStride, low, first.Outputs, rows);
        for (int row = 0; row < rows; row++) Elementwise.ScaleRow(low + ((long)row * first.Outputs), scale, first.Outputs);
        LinearKernel.Apply(team, second, low, first.Outputs, y, yStride, rows, null, adds: true);
    }

    private static WeightMatrix Rows(in WeightMatrix of, int start, int count) => of with
    {
        Outputs = count,
        Codes = of.Codes + (nint)WeightSize.CodeBytes(of.Format, start, of.Inputs),
        Scales = of.Format switch
        {
            WeightFormat.Int8 or WeightFormat.Float8 => of.Scales + ((nint)start * sizeof(float)),
            WeightFormat.Nf4 => of.Scales + (nint)((long)start * of.Inputs / Nf4Rows.BlockSize * sizeof(float)),
            WeightFormat.Int4 => of.Scales + ((nint)start * (of.Inputs / of.GroupSize) * sizeof(float)),
            _ => 0,
        },
        Zeros = of.Zeros == 0 ? 0 : of.Zeros + ((nint)start * (of.Inputs / of.GroupSize)),
    };
}
