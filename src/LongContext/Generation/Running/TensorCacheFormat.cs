// Shape suffixes: T tokens, K key/value heads, D head size.
using LongContext.Checkpoints;
using LongContext.Cpu.Attention;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Generation.Running;

/// <summary>How keys and values lie in tensors: numbers, or codes with a float32 scale for each token and head.</summary>
internal sealed class TensorCacheFormat : IDisposable
{
    private const float LargestFloat8 = 448, LargestInt8 = 127;

    private readonly CacheFormat? format;
    private readonly Tensor? borders;
    private readonly Tensor? values;

    /// <summary>A format on a device.</summary>
    /// <param name="format">Null for the model's own type.</param>
    /// <param name="modelType">The model's type.</param>
    /// <param name="device">Where the cache lies.</param>
    public TensorCacheFormat(CacheFormat? format, ScalarType modelType, Device device)
    {
        this.format = format;
        CodeType = format switch
        {
            null => modelType,
            CacheFormat.Float32 => ScalarType.Float32,
            CacheFormat.BFloat16 => ScalarType.BFloat16,
            CacheFormat.Int8 => ScalarType.Int8,
            _ => ScalarType.Byte,
        };
        if (format != CacheFormat.Float8) return;
        byte[] codes = [.. Enumerable.Range(0, 256).Select(code => (byte)code)];
        var decoded = new float[256];
        Float8E4M3.ToSingle(codes, decoded);
        decoded[0x7F] = decoded[0xFF] = 0; // not numbers; never written
        var between = new float[126];
        for (int code = 0; code < between.Length; code++)
        {
            // Halfway goes to the even code: up from an odd one, so that its border lies just below.
            float middle = (decoded[code] + decoded[code + 1]) / 2;
            between[code] = int.IsOddInteger(code) ? MathF.BitDecrement(middle) : middle;
        }

        using var scope = NewDisposeScope();
        borders = tensor(between).to(device).DetachFromDisposeScope();
        values = tensor(decoded).to(device).DetachFromDisposeScope();
    }

    /// <summary>Type of the numbers or codes.</summary>
    public ScalarType CodeType { get; }

    /// <summary>Whether there are scales.</summary>
    public bool HasScales => format is CacheFormat.Int8 or CacheFormat.Float8;

    /// <summary>Numbers or codes [T, K, D], and scales [T, K, 1] where there are any.</summary>
    public (Tensor Codes_TKD, Tensor? Scales_TK1) Encode(Tensor x_TKD)
    {
        if (!HasScales) return (x_TKD.dtype == CodeType ? x_TKD : x_TKD.to(CodeType), null);
        Tensor wide_TKD = x_TKD.to(ScalarType.Float32);
        Tensor scale_TK1 = wide_TKD.abs().amax([-1L], keepdim: true).Times(1.0 / (format == CacheFormat.Int8 ? LargestInt8 : LargestFloat8));
        Tensor divisor_TK1 = scale_TK1.Masked(scale_TK1.eq(zeros_like(scale_TK1)), 1);
        Tensor scaled_TKD = wide_TKD / divisor_TK1;
        if (format == CacheFormat.Int8) return (scaled_TKD.round().to(ScalarType.Int8), scale_TK1);
        Tensor magnitude_TKD = bucketize(scaled_TKD.abs().contiguous(), borders!), sign_TKD = scaled_TKD.lt(zeros_like(scaled_TKD)).to(magnitude_TKD.dtype);
        return (magnitude_TKD.AddIntegersInPlace(sign_TKD.bitwise_left_shift(tensor(7L).to(sign_TKD.device))).to(ScalarType.Byte), scale_TK1);
    }

    /// <summary>The numbers [T, K, D] in a type.</summary>
    public Tensor Decode(Tensor codes_TKD, Tensor? scales_TK1, ScalarType dataType)
    {
        if (!HasScales) return codes_TKD.dtype == dataType ? codes_TKD : codes_TKD.to(dataType);
        Tensor read_TKD = format == CacheFormat.Int8
            ? codes_TKD.to(ScalarType.Float32)
            : values!.index_select(0, codes_TKD.reshape(-1).to(ScalarType.Int32)).reshape(codes_TKD.shape);
        return read_TKD.mul_(scales_TK1!).to(dataType);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        borders?.Dispose();
        values?.Dispose();
    }
}
