using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Between safetensors entries and TorchSharp tensors.</summary>
internal static class SafetensorsTensors
{
    /// <summary>Elements that are converted at a time: a copy of a whole embedding in its old type would show in the peak of memory.</summary>
    private const long ElementsAtOnce = 4 << 20;

    /// <summary>Copies a tensor out of the file, which may be closed then.</summary>
    public static Tensor Read(SafetensorsFile file, TensorInfo info, ScalarType? dataType, Device device)
    {
        using var scratch = new ScratchMemory();
        return Read(file, info, dataType, device, scratch);
    }

    /// <summary>As above, with memory that several reads share.</summary>
    public static Tensor Read(SafetensorsFile file, TensorInfo info, ScalarType? dataType, Device device, ScratchMemory scratch)
    {
        using var scope = NewDisposeScope();
        Tensor tensor = empty(info.Shape.ToArray(), dtype: dataType ?? ToScalarType(info.DataType, file.Path, info.Name));
        ReadInto(tensor, file, info, scratch);
        return tensor.to(device).MoveToOuterDisposeScope();
    }

    /// <summary>Copies a tensor out of the file into a contiguous one of its shape on the CPU.</summary>
    public static unsafe void ReadInto(Tensor tensor, SafetensorsFile file, TensorInfo info, ScratchMemory scratch)
    {
        using var scope = NewDisposeScope();
        ScalarType own = ToScalarType(info.DataType, file.Path, info.Name);
        if (info.ByteLength == 0) return;
        byte* source = file.GetPointer(info.Name);
        if (tensor.dtype == own)
        {
            Buffer.MemoryCopy(source, tensor.DataPointer(), info.ByteLength, info.ByteLength);
            return;
        }

        long count = tensor.numel(), size = info.ByteLength / count;
        Tensor flat_N = tensor.reshape(-1), part_M = scratch.Row(own);
        byte* part = part_M.DataPointer();
        for (long start = 0; start < count; start += ElementsAtOnce)
        {
            using var partScope = NewDisposeScope();
            long elements = Math.Min(ElementsAtOnce, count - start);
            Buffer.MemoryCopy(source + (start * size), part, elements * size, elements * size);
            flat_N.narrow(0, start, elements).copy_(part_M.narrow(0, 0, elements));
        }
    }

    /// <summary>A tensor as an entry to write; its bytes are fetched when its turn comes.</summary>
    public static SafetensorsEntry Entry(string name, Tensor tensor) =>
        new(name, ToTensorDataType(tensor.dtype, name), tensor.shape, stream => Write(tensor, stream));

    /// <summary>A weight as an entry to write; a quantised one in a floating-point type, made when its turn comes.</summary>
    public static SafetensorsEntry Entry(Parameter parameter, ScalarType dataType)
    {
        if (parameter.Quantized is not { } quantized) return Entry(parameter.Name, parameter.Value);
        return new(parameter.Name, ToTensorDataType(dataType, parameter.Name), quantized.Shape, stream =>
        {
            using Tensor values = quantized.Dequantize(dataType);
            Write(values, stream);
        });
    }

    /// <summary>The name config.json uses for a type.</summary>
    public static string ConfigName(ScalarType dataType) => dataType switch
    {
        ScalarType.Float64 => "float64",
        ScalarType.Float16 => "float16",
        ScalarType.BFloat16 => "bfloat16",
        _ => "float32",
    };

    /// <summary>Writes a tensor's elements, wherever they lie.</summary>
    public static unsafe void Write(Tensor tensor, Stream stream)
    {
        using var scope = NewDisposeScope();
        Tensor host = tensor.detach().cpu().contiguous();
        long remaining = host.numel() * host.element_size();
        if (remaining == 0) return;
        byte* source = host.DataPointer();
        while (remaining > 0)
        {
            int count = (int)Math.Min(remaining, 1 << 26);
            stream.Write(new ReadOnlySpan<byte>(source, count));
            source += count;
            remaining -= count;
        }
    }

    private static ScalarType ToScalarType(TensorDataType dataType, string path, string name) => dataType switch
    {
        TensorDataType.Float64 => ScalarType.Float64,
        TensorDataType.Float32 => ScalarType.Float32,
        TensorDataType.Float16 => ScalarType.Float16,
        TensorDataType.BFloat16 => ScalarType.BFloat16,
        TensorDataType.Int64 => ScalarType.Int64,
        TensorDataType.Int32 => ScalarType.Int32,
        TensorDataType.UInt8 => ScalarType.Byte,
        _ => throw new NotSupportedException($"{path}: tensor '{name}' is of type {dataType}, which is not supported yet."),
    };

    private static TensorDataType ToTensorDataType(ScalarType dataType, string name) => dataType switch
    {
        ScalarType.Float64 => TensorDataType.Float64,
        ScalarType.Float32 => TensorDataType.Float32,
        ScalarType.Float16 => TensorDataType.Float16,
        ScalarType.BFloat16 => TensorDataType.BFloat16,
        ScalarType.Int64 => TensorDataType.Int64,
        ScalarType.Int32 => TensorDataType.Int32,
        ScalarType.Byte => TensorDataType.UInt8,
        _ => throw new NotSupportedException($"Tensor '{name}' is of type {dataType}, which safetensors does not hold or is not supported yet."),
    };
}
