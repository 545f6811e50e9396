using System.Text;
using System.Text.Json.Nodes;

namespace LongContext.Checkpoints.Quantization;

/// <summary>What bitsandbytes writes beside 4-bit codes, as JSON in a tensor of bytes called <c>NAME.quant_state.bitsandbytes__nf4</c>.</summary>
/// <param name="Shape">Shape of the weight.</param>
/// <param name="DataType">Its type before, such as "bfloat16".</param>
/// <param name="BlockSize">Values that share a magnitude.</param>
/// <param name="NestedBlockSize">Magnitudes that share a magnitude of their own; null where magnitudes are not quantised.</param>
/// <param name="NestedOffset">Added to magnitudes that are quantised.</param>
internal sealed record BitsAndBytesState(IReadOnlyList<long> Shape, string DataType, int BlockSize, int? NestedBlockSize, double NestedOffset)
{
    /// <summary>The name's end for NF4.</summary>
    public const string Suffix = ".quant_state.bitsandbytes__nf4";

    /// <summary>The name's end for FP4, which is not read.</summary>
    public const string OtherSuffix = ".quant_state.bitsandbytes__fp4";

    private const int MaximumBytes = 10_000;

    /// <summary>Reads the tensor's bytes.</summary>
    /// <param name="json">The bytes.</param>
    /// <param name="source">File and tensor, for errors.</param>
    /// <exception cref="CheckpointFormatException">They are not what they must be.</exception>
    public static BitsAndBytesState Parse(ReadOnlySpan<byte> json, string source)
    {
        if (json.Length > MaximumBytes) throw new CheckpointFormatException($"{source}: has {json.Length} bytes, expected at most {MaximumBytes} of JSON.");
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(json);
        }
        catch (DecoderFallbackException exception)
        {
            throw new CheckpointFormatException($"{source}: is not UTF-8 at byte {exception.Index}, expected JSON.", exception);
        }

        var fields = new ConfigFields(CheckpointJson.ParseObject(text, source), source);
        if (fields.OptionalString("quant_type") is { } type && type != "nf4") throw fields.Fault("quant_type", $"is \"{type}\", expected \"nf4\"");
        IReadOnlyList<int> shape = fields.OptionalIntOrInts("shape") ?? throw fields.Fault("shape", "is missing");
        int block = fields.RequireInt("blocksize");
        if (block < 1) throw fields.Fault("blocksize", $"is {block}, expected at least 1");
        int? nested = fields.OptionalInt("nested_blocksize");
        if (nested < 1) throw fields.Fault("nested_blocksize", $"is {nested}, expected at least 1");
        double offset = nested is null ? 0 : fields.RequireDouble("nested_offset");
        if (!double.IsFinite(offset)) throw fields.Fault("nested_offset", "is not finite");
        return new([.. shape.Select(size => (long)size)], fields.OptionalString("dtype") ?? "float16", block, nested, offset);
    }

    /// <summary>The bytes to write.</summary>
    public byte[] ToUtf8()
    {
        var json = new JsonObject
        {
            ["quant_type"] = "nf4",
            ["blocksize"] = BlockSize,
            ["dtype"] = DataType,
            ["shape"] = new JsonArray([.. Shape.Select(size => (JsonNode)size)]),
        };
        if (NestedBlockSize is { } nested)
        {
            json["nested_blocksize"] = nested;
            json["nested_dtype"] = "float32";
            json["nested_offset"] = ConfigValue.Float(NestedOffset);
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }
}
