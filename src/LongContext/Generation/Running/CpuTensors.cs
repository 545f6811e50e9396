using LongContext.Adapters;
using LongContext.Cpu.Linear;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>The tensors whose memory kernels read, kept alive; and what they were, so that it is seen when the model has others.</summary>
/// <param name="roundsInputs">Whether kernels round what they multiply with matrices that have a kernel for it.</param>
internal sealed class CpuTensors(bool roundsInputs = false) : IDisposable
{
    private readonly List<(Parameter Parameter, Tensor Value)> read = [];
    private readonly List<(Linear Linear, LoraLayer? Adapter)> adapters = [];
    private readonly List<Tensor> kept = [];
    private readonly List<CpuWeight> owned = [];
    private readonly List<(long Address, long Bytes)> places = [];
    private readonly List<string> madePlain = [];

    /// <summary>Matrices in codes that kernels do not read, which were made plain.</summary>
    public IReadOnlyList<string> MadePlain => madePlain;

    /// <summary>How many matrices are multiplied with rounded inputs.</summary>
    public int RoundingMatrices { get; private set; }

    /// <summary>Whether the model still has these tensors and adapters.</summary>
    public bool AreCurrent
    {
        get
        {
            foreach ((Parameter parameter, Tensor value) in read)
            {
                if (!ReferenceEquals(parameter.Value, value)) return false;
            }

            foreach ((Linear linear, LoraLayer? adapter) in adapters)
            {
                if (!ReferenceEquals(linear.Adapter, adapter)) return false;
            }

            return true;
        }
    }

    /// <summary>Notes a map's adapter.</summary>
    public void Watch(Linear linear) => adapters.Add((linear, linear.Adapter));

    /// <summary>The format of a plain tensor; null for none that kernels read.</summary>
    public static WeightFormat? FormatOf(ScalarType dataType) => dataType switch
    {
        ScalarType.Float32 => WeightFormat.Float32,
        ScalarType.BFloat16 => WeightFormat.BFloat16,
        ScalarType.Float16 => WeightFormat.Float16,
        _ => null,
    };

    /// <summary>Why kernels cannot read a weight; null where they can.</summary>
    public static string? WhyNot(Parameter parameter) =>
        parameter.Quantized is null && FormatOf(parameter.Value.dtype) is null ? $"'{parameter.Name}' is of type {parameter.Value.dtype}" : null;

    /// <summary>A matrix where it lies; one in codes that kernels do not read is made plain, which takes the memory that it has without quantisation.</summary>
    /// <param name="parameter">The matrix.</param>
    /// <param name="dataType">Type of what is made plain.</param>
    public WeightMatrix Matrix(Parameter parameter, ScalarType dataType)
    {
        Watch(parameter);
        WeightMatrix matrix;
        CpuWeight? codes = parameter.Quantized is { } quantized ? CpuWeight.Of(quantized) : null;
        // Fused maps are cut by rows, which must not end within a block.
        if (codes is not null && (codes.Matrix.Format != WeightFormat.Nf4 || codes.Matrix.Inputs % Nf4Rows.BlockSize == 0))
        {
            owned.Add(codes);
            _ = Keep(parameter.Value);
            matrix = codes.Matrix;
            if (roundsInputs && LinearKernel.RoundsFor(matrix))
            {
                matrix = matrix with { RoundsInputs = true };
                RoundingMatrices++;
            }
        }
        else
        {
            codes?.Dispose();
            Tensor plain = parameter.Quantized?.Dequantize(dataType) ?? parameter.Value;
            if (parameter.Quantized is not null) madePlain.Add(parameter.Name);
            (int outputs, int inputs) = (checked((int)parameter.Shape[0]), checked((int)parameter.Shape[1]));
            matrix = new WeightMatrix { Format = FormatOf(plain.dtype)!.Value, Outputs = outputs, Inputs = inputs, Codes = Keep(plain) };
        }

        matrix.Check();
        return matrix;
    }

    /// <summary>A tensor's numbers or codes where they lie.</summary>
    public nint Codes(Parameter parameter)
    {
        Watch(parameter);
        return Keep(parameter.Value);
    }

    /// <summary>A vector where it lies.</summary>
    public (nint Address, WeightFormat Format) Vector(Parameter parameter)
    {
        Watch(parameter);
        return (Keep(parameter.Value), FormatOf(parameter.Value.dtype)!.Value);
    }

    /// <summary>A vector in float32, where it lies or copied.</summary>
    public nint Floats(Parameter parameter)
    {
        Watch(parameter);
        return Keep(parameter.Value.to(ScalarType.Float32));
    }

    /// <summary>The address of a tensor's numbers, which stay there; the tensor itself may go.</summary>
    public nint Keep(Tensor tensor)
    {
        // Another handle of the same memory, or a copy where rows do not follow one another.
        Tensor own = (tensor.is_contiguous() ? tensor.alias() : tensor.contiguous()).DetachFromDisposeScope();
        kept.Add(own);
        nint address = own.Address();
        places.Add((address, own.numel() * own.element_size()));
        return address;
    }

    /// <summary>Brings what is read onto large pages, neighbours together: decoding reads all of it for each token, and looks up fewer addresses then.</summary>
    /// <returns>Bytes that lie within pieces of which all could be moved.</returns>
    public long MoveToHugePages()
    {
        const long Gap = 64 << 10; // what a heap puts between two pieces
        long moved = 0, start = 0, end = 0;
        places.Sort();
        foreach ((long address, long bytes) in places)
        {
            if (address <= end + Gap && end > 0)
            {
                end = Math.Max(end, address + bytes);
                continue;
            }

            Move();
            (start, end) = (address, address + bytes);
        }

        Move();
        return moved;

        void Move()
        {
            if (PageMemory.MoveToHugePages((nint)start, end - start)) moved += end - start;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Tensor tensor in kept) tensor.Dispose();
        foreach (CpuWeight weight in owned) weight.Dispose();
        kept.Clear();
        owned.Clear();
    }

    private void Watch(Parameter parameter) => read.Add((parameter, parameter.Value));
}
