using LongContext.Cpu.Linear;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>A quantised weight as the CPU's kernels read it: where it lies, for codes, and with magnitudes of NF4 that are quantised made plain once.</summary>
internal sealed class CpuWeight : IDisposable
{
    private readonly Tensor[] own;

    private CpuWeight(WeightMatrix matrix, params Tensor[] own)
    {
        Matrix = matrix;
        this.own = own;
    }

    /// <summary>The matrix; valid while this and the weight live.</summary>
    public WeightMatrix Matrix { get; }

    /// <summary>A weight for the kernels; null for one that they do not read and that is dequantised for them.</summary>
    /// <param name="weight">The weight, on the CPU.</param>
    /// <remarks>
    /// Not read: columns out of order, groups or blocks that rows end within, rows of an odd number of columns in four bits, matrices without elements.
    /// </remarks>
    public static CpuWeight? Of(QuantizedWeight weight)
    {
        if (weight.Codes.device.type != DeviceType.CPU || weight.Shape[0] == 0 || weight.Shape[1] == 0 || !weight.Codes.is_contiguous()) return null;
        bool even = weight.Shape[1] % 2 == 0;
        return weight switch
        {
            EightBitWeight eight => Plain(weight, WeightFormat.Int8, eight.Factors),
            Float8Weight eight => Plain(weight, WeightFormat.Float8, eight.Factors),
            Int4Weight four when even && four.Columns is null && weight.Shape[1] % four.GroupSize == 0 => Groups(four),
            Nf4FlatWeight flat when even => Blocks(weight, flat.Blocks, flat.Blocks.Shape[0]),
            Nf4Weight four when weight.Shape[1] % Nf4Rows.BlockSize == 0 => Blocks(weight, four, weight.Shape[0] * weight.Shape[1] / Nf4Rows.BlockSize),
            _ => null,
        };
    }

    public void Dispose()
    {
        foreach (Tensor tensor in own) tensor.Dispose();
    }

    private static CpuWeight Plain(QuantizedWeight weight, WeightFormat format, Tensor factors) => new(Of(weight, format) with { Scales = factors.Address() }, Held(factors));

    private static CpuWeight Groups(Int4Weight four)
    {
        WeightMatrix matrix = Of(four, WeightFormat.Int4) with { Scales = four.Scales.Address(), Zeros = four.Zeros?.Address() ?? 0, GroupSize = four.GroupSize };
        return four.Zeros is { } zeros ? new(matrix, Held(four.Scales), Held(zeros)) : new(matrix, Held(four.Scales));
    }

    /// <summary>Another handle of the same memory: a kernel may read it while somebody disposes of the model.</summary>
    private static Tensor Held(Tensor tensor) => tensor.alias().DetachFromDisposeScope();

    private static CpuWeight Blocks(QuantizedWeight weight, Nf4Weight blocks, long count)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        Tensor magnitudes = blocks.Magnitudes.Read(0, count).contiguous().alias().DetachFromDisposeScope();
        return new(Of(weight, WeightFormat.Nf4) with { Scales = magnitudes.Address() }, magnitudes);
    }

    private static WeightMatrix Of(QuantizedWeight weight, WeightFormat format) => new()
    {
        Format = format,
        Outputs = checked((int)weight.Shape[0]),
        Inputs = checked((int)weight.Shape[1]),
        Codes = weight.Codes.Address(),
    };
}
