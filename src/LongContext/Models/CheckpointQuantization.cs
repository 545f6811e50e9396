using LongContext.Checkpoints;

namespace LongContext.Models;

/// <summary>
/// What config.json says of quantised weights. 8-bit floats (e4m3) with their scales are read; all else is refused by name, before
/// any weight is looked for.
/// </summary>
/// <param name="BlockRows">Rows of a block that shares a scale, where scales are given by block.</param>
/// <param name="BlockColumns">Columns of such a block.</param>
internal sealed record CheckpointQuantization(int BlockRows, int BlockColumns)
{
    /// <summary>The field of config.json.</summary>
    public const string Field = "quantization_config";

    /// <summary>Rows and columns of a block where the field does not say.</summary>
    public const int DefaultBlock = 128;

    /// <summary>What the config says; null for weights that are not quantised.</summary>
    /// <exception cref="NotSupportedException">Weights are quantised in a way that is not read here.</exception>
    /// <exception cref="CheckpointFormatException">The field is damaged.</exception>
    public static CheckpointQuantization? Read(ModelConfig config)
    {
        ConfigFields fields = config.Fields;
        if (fields.OptionalObject("compression_config") is not null && fields.OptionalObject(Field) is null)
            throw Refused(fields, "compression_config", "an early form of compressed-tensors");
        if (fields.OptionalObject(Field) is not { } quantization) return null;
        string method = quantization.OptionalString("quant_method") ?? (Bits(quantization) is { } bits ? $"unnamed, {bits} bits" : "unnamed");
        return method switch
        {
            "fp8" => ReadBlocks(quantization),
            "fbgemm_fp8" => new(DefaultBlock, DefaultBlock),
            "compressed-tensors" => ReadCompressedTensors(fields, quantization),
            _ => throw Refused(fields, Field, Bits(quantization) is { } width && !method.Contains("bits", StringComparison.Ordinal) ? $"{method}, {width} bits" : method),
        };
    }

    private static CheckpointQuantization ReadBlocks(ConfigFields quantization)
    {
        IReadOnlyList<int>? size = quantization.OptionalIntOrInts("weight_block_size");
        if (size is null) return new(DefaultBlock, DefaultBlock);
        return size is [> 0, > 0] ? new(size[0], size[1]) : throw quantization.Fault("weight_block_size", $"is [{string.Join(", ", size)}], expected two numbers of at least 1");
    }

    private static CheckpointQuantization ReadCompressedTensors(ConfigFields fields, ConfigFields quantization)
    {
        string format = quantization.OptionalString("format") ?? "unnamed";
        return format is "float-quantized" or "naive-quantized" ? new(DefaultBlock, DefaultBlock) : throw Refused(fields, Field, $"compressed-tensors, format {format}");
    }

    private static int? Bits(ConfigFields quantization) =>
        quantization.OptionalInt("bits") ?? quantization.OptionalInt("w_bit")
        ?? (quantization.OptionalBool("load_in_4bit") ?? false ? 4 : quantization.OptionalBool("load_in_8bit") ?? false ? 8 : null);

    private static NotSupportedException Refused(ConfigFields fields, string field, string what) =>
        new($"{fields.SourceName}: field '{field}' says that the weights are quantised ({what}). This library reads float32, float16, bfloat16 and float8 (e4m3) weights; "
            + "load the folder that the quantised one was made from, or dequantise it first.");
}
