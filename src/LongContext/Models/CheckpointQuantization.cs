using LongContext.Checkpoints;

namespace LongContext.Models;

/// <summary>
/// What config.json says of quantised weights: which form they are in. All that is not read is refused by name, before any weight is looked for.
/// </summary>
/// <param name="Form">How they are laid out.</param>
internal sealed record CheckpointQuantization(StoredForm Form)
{
    /// <summary>The field of config.json.</summary>
    public const string Field = "quantization_config";

    /// <summary>Rows and columns of a block of 8-bit floats where the field does not say.</summary>
    public const int DefaultBlock = 128;

    /// <summary>Rows of a block of 8-bit floats that shares a scale, where scales are given by block.</summary>
    public int BlockRows { get; private init; } = DefaultBlock;

    /// <summary>Columns of such a block.</summary>
    public int BlockColumns { get; private init; } = DefaultBlock;

    /// <summary>Bits of a whole number.</summary>
    public int Bits { get; private init; } = 4;

    /// <summary>Columns that share a scale; null for a whole row.</summary>
    public int? GroupSize { get; private init; }

    /// <summary>What is added to a zero point of the file.</summary>
    public int ZeroAdded { get; private init; }

    /// <summary>What the config says; null for weights that are not quantised.</summary>
    /// <exception cref="NotSupportedException">Weights are quantised in a way that is not read here.</exception>
    /// <exception cref="CheckpointFormatException">The field is damaged.</exception>
    public static CheckpointQuantization? Read(ModelConfig config)
    {
        ConfigFields fields = config.Fields;
        if (fields.OptionalObject("compression_config") is not null && fields.OptionalObject(Field) is null)
            throw Refused(fields, "compression_config", "an early form of compressed-tensors");
        if (fields.OptionalObject(Field) is not { } quantization) return null;
        string method = quantization.OptionalString("quant_method") ?? (BitsOf(quantization) is { } bits ? $"unnamed, {bits} bits" : "unnamed");
        return method switch
        {
            "fp8" => ReadBlocks(quantization),
            "fbgemm_fp8" => new(StoredForm.Float8),
            "compressed-tensors" => ReadCompressedTensors(fields, quantization),
            "gptq" => ReadGptq(fields, quantization),
            "awq" => ReadAwq(fields, quantization),
            "bitsandbytes" => ReadBitsAndBytes(fields, quantization),
            _ => throw Refused(fields, Field, BitsOf(quantization) is { } width && !method.Contains("bits", StringComparison.Ordinal) ? $"{method}, {width} bits" : method),
        };
    }

    private static CheckpointQuantization ReadBlocks(ConfigFields quantization)
    {
        IReadOnlyList<int>? size = quantization.OptionalIntOrInts("weight_block_size");
        if (size is null) return new(StoredForm.Float8);
        return size is [> 0, > 0]
            ? new(StoredForm.Float8) { BlockRows = size[0], BlockColumns = size[1] }
            : throw quantization.Fault("weight_block_size", $"is [{string.Join(", ", size)}], expected two numbers of at least 1");
    }

    private static CheckpointQuantization ReadCompressedTensors(ConfigFields fields, ConfigFields quantization)
    {
        string format = quantization.OptionalString("format") ?? "unnamed";
        if (format == "float-quantized") return new(StoredForm.Float8);
        if (format is not ("int-quantized" or "naive-quantized" or "pack-quantized")) throw Refused(fields, Field, $"compressed-tensors, format {format}");
        var found = new List<(int Bits, string Type, int? GroupSize)>();
        ConfigFields? groups = quantization.OptionalObject("config_groups");
        foreach (string name in groups?.Json.Select(pair => pair.Key) ?? [])
        {
            if (groups!.OptionalObject(name)?.OptionalObject("weights") is not { } weights) continue;
            int? size = (weights.OptionalString("strategy") ?? "group") == "group" ? weights.OptionalInt("group_size") : null;
            if (size is < 1 and not -1) throw weights.Fault("group_size", $"is {size}, expected at least 1, or -1");
            found.Add((weights.OptionalInt("num_bits") ?? 8, weights.OptionalString("type") ?? "int", size is -1 ? null : size));
        }

        if (found.Distinct().Count() > 1) throw Refused(fields, Field, $"compressed-tensors, format {format}, in {found.Distinct().Count()} ways side by side");
        if (format == "naive-quantized" && (found.Count == 0 || found[0].Type == "float")) return new(StoredForm.Float8);
        if (found.Count == 0) throw quantization.Fault("config_groups", "says nothing of weights");
        if (found[0].Type != "int" || found[0].Bits is not (4 or 8)) throw Refused(fields, Field, $"compressed-tensors, format {format}, {found[0].Type} of {found[0].Bits} bits");
        if (format != "pack-quantized" && found[0].Bits != 8) throw Refused(fields, Field, $"compressed-tensors, format {format}, {found[0].Bits} bits");
        return new(format == "pack-quantized" ? StoredForm.PackedRows : StoredForm.Int8Rows) { Bits = found[0].Bits, GroupSize = found[0].GroupSize };
    }

    private static CheckpointQuantization ReadGptq(ConfigFields fields, ConfigFields quantization)
    {
        int bits = quantization.RequireInt("bits");
        string format = quantization.OptionalString("checkpoint_format") ?? quantization.OptionalString("format") ?? "gptq";
        if (bits != 4 || format is not ("gptq" or "gptq_v2") || quantization.OptionalBool("is_marlin_format") == true)
            throw Refused(fields, Field, $"gptq, {bits} bits{(format == "gptq" ? "" : $", format {format}")}");
        return new(StoredForm.Gptq) { GroupSize = Group(quantization, "group_size"), ZeroAdded = format == "gptq" ? 1 : 0 };
    }

    private static CheckpointQuantization ReadAwq(ConfigFields fields, ConfigFields quantization)
    {
        int? bits = BitsOf(quantization);
        string version = quantization.OptionalString("version") ?? quantization.OptionalString("format") ?? "gemm";
        if (bits != 4 || !version.Equals("gemm", StringComparison.OrdinalIgnoreCase))
            throw Refused(fields, Field, $"awq, {bits} bits{(version.Equals("gemm", StringComparison.OrdinalIgnoreCase) ? "" : $", version {version}")}");
        return new(StoredForm.Awq) { GroupSize = Group(quantization, quantization.Json.ContainsKey("group_size") ? "group_size" : "q_group_size") };
    }

    private static CheckpointQuantization ReadBitsAndBytes(ConfigFields fields, ConfigFields quantization)
    {
        if (BitsOf(quantization) == 8) return new(StoredForm.BitsAndBytes8) { Bits = 8 };
        string type = quantization.OptionalString("bnb_4bit_quant_type") ?? "fp4";
        return BitsOf(quantization) == 4 && type == "nf4" ? new(StoredForm.BitsAndBytes4) : throw Refused(fields, Field, $"bitsandbytes, {type}");
    }

    private static int? Group(ConfigFields quantization, string key)
    {
        int size = quantization.OptionalInt(key) ?? 128;
        return size == -1 ? null : size >= 1 ? size : throw quantization.Fault(key, $"is {size}, expected at least 1, or -1 for whole rows");
    }

    private static int? BitsOf(ConfigFields quantization) =>
        quantization.OptionalInt("bits") ?? quantization.OptionalInt("w_bit")
        ?? (quantization.OptionalBool("load_in_4bit") ?? false ? 4 : quantization.OptionalBool("load_in_8bit") ?? false ? 8 : null);

    private static NotSupportedException Refused(ConfigFields fields, string field, string what) =>
        new($"{fields.SourceName}: field '{field}' says that the weights are quantised ({what}). This library reads float32, float16, bfloat16 and float8 (e4m3) weights, "
            + "and quantised ones of GPTQ and AWQ in 4 bits, of bitsandbytes in NF4 and 8 bits, and of compressed-tensors in whole numbers of 4 and 8 bits; "
            + "load the folder that the quantised one was made from, or dequantise it first.");
}
