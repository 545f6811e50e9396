using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>int4, int8 and float8 as compressed-tensors writes them where inputs stay as they are.</summary>
/// <remarks>Whole numbers are packed into words, of 8 bits too: vLLM and SGLang take "int-quantized" for models whose inputs are quantised as well, and refuse it otherwise.</remarks>
internal sealed class CompressedTensorsWriter : QuantizedCheckpointWriter
{
    private readonly bool fourBit;
    private readonly bool isFloat;
    private readonly int? groupSize;

    public CompressedTensorsWriter(CausalLanguageModel model, Type kind)
        : base(model)
    {
        (fourBit, isFloat) = (kind == typeof(Int4Weight), kind == typeof(Float8Weight));
        if (fourBit) groupSize = Int4Groups.Common(Quantized);
    }

    private bool Symmetric => !fourBit || Quantized.All(parameter => ((Int4Weight)parameter.Quantized!).Zeros is null);

    private bool Ordered => fourBit && Quantized.Any(parameter => ((Int4Weight)parameter.Quantized!).Columns is not null);

    private TensorDataType OwnScales => Model.DataType == ScalarType.BFloat16 ? TensorDataType.BFloat16 : TensorDataType.Float16;

    public override JsonObject Config() => new()
    {
        ["quant_method"] = "compressed-tensors",
        ["format"] = isFloat ? "float-quantized" : "pack-quantized",
        ["quantization_status"] = "compressed",
        ["global_compression_ratio"] = null,
        ["kv_cache_scheme"] = null,
        ["ignore"] = new JsonArray([.. Plain.Append("lm_head").Select(name => (JsonNode)name)]),
        ["config_groups"] = new JsonObject
        {
            ["group_0"] = new JsonObject
            {
                ["targets"] = new JsonArray("Linear"),
                ["weights"] = new JsonObject
                {
                    ["num_bits"] = fourBit ? 4 : 8,
                    ["type"] = isFloat ? "float" : "int",
                    ["symmetric"] = Symmetric,
                    ["strategy"] = groupSize is null ? "channel" : "group",
                    ["group_size"] = groupSize,
                    ["block_structure"] = null,
                    ["dynamic"] = false,
                    ["actorder"] = Ordered ? "group" : null,
                    ["observer"] = "minmax",
                    ["observer_kwargs"] = new JsonObject(),
                },
                ["input_activations"] = null,
                ["output_activations"] = null,
            },
        },
    };

    protected override void Check()
    {
        foreach (Parameter parameter in Quantized)
        {
            if (groupSize is { } size && WhyNot(parameter, size) is { } reason) throw new NotSupportedException(reason);
        }
    }

    /// <summary>Why groups of a size cannot be held of a weight; null where they can.</summary>
    public static string? WhyNot(Parameter parameter, int size) => parameter.Shape[1] % size == 0 ? null
        : $"'{parameter.Name}' has {parameter.Shape[1]} inputs, no multiple of the group size {size}, which the files of compressed-tensors cannot hold: "
            + "quantise with another GroupSize, with null for whole rows, or leave it out (Excluded).";

    protected override IEnumerable<SafetensorsEntry> EntriesOf(Parameter parameter)
    {
        string module = ModuleOf(parameter.Name);
        switch (parameter.Quantized)
        {
            case Int4Weight weight: return Packed(module, weight);
            case EightBitWeight weight: return Packed(module, weight);
            case Float8Weight weight:
                return
                [
                    new SafetensorsEntry(module + ".weight", TensorDataType.Float8E4M3, weight.Codes.shape, stream => SafetensorsTensors.Write(weight.Codes, stream)),
                    Values(module + ".weight_scale", TensorDataType.Float32, [weight.Codes.size(0), 1], () => Floats(weight.Factors)),
                ];
            default: throw new NotSupportedException($"'{parameter.Name}' is in a format that compressed-tensors does not have.");
        }
    }

    /// <summary>Four numbers a word, each plus 128; a row's last word is filled with such zeros.</summary>
    private IEnumerable<SafetensorsEntry> Packed(string module, EightBitWeight weight)
    {
        (int rows, int columns) = ((int)weight.Shape[0], (int)weight.Shape[1]);
        int rowWords = (columns + 3) / 4;
        yield return new SafetensorsEntry(module + ".weight_packed", TensorDataType.Int32, [rows, rowWords], stream =>
        {
            using var scope = NewDisposeScope();
            sbyte[] codes = weight.Codes.cpu().contiguous().data<sbyte>().ToArray();
            byte[] row = new byte[rowWords * 4];
            row.AsSpan().Fill(128);
            for (int r = 0; r < rows; r++)
            {
                for (int column = 0; column < columns; column++) row[column] = (byte)(codes[((long)r * columns) + column] + 128);
                stream.Write(row);
            }
        });
        yield return Scales(module + ".weight_scale", [rows, 1], () => Floats(weight.Factors), OwnScales, TensorDataType.Float16);
        yield return SafetensorsEntry.Create<long>(module + ".weight_shape", [2], new long[] { rows, columns });
    }

    private IEnumerable<SafetensorsEntry> Packed(string module, Int4Weight weight)
    {
        (int rows, int columns, int groups) = ((int)weight.Shape[0], (int)weight.Shape[1], weight.Groups);
        yield return Words(module + ".weight_packed", [rows, FourBitWords.WordsOf(columns)], () =>
        {
            var words = new uint[rows * FourBitWords.WordsOf(columns)];
            FourBitWords.WriteRowsPacked(Bytes(weight.Codes), rows, weight.Columns ?? ColumnGroups.InOrder(columns), words);
            return words;
        });
        yield return Scales(module + ".weight_scale", [rows, groups], () => Floats(weight.Scales), OwnScales, TensorDataType.Float16);
        if (!Symmetric)
        {
            yield return Words(module + ".weight_zero_point", [FourBitWords.WordsOf(rows), groups], () =>
            {
                var words = new uint[FourBitWords.WordsOf(rows) * groups];
                FourBitWords.WriteZerosByOutputs(Int4Groups.Zeros(weight), rows, groups, words);
                return words;
            });
        }

        if (Ordered) yield return Values(module + ".weight_g_idx", TensorDataType.Int32, [columns], () => Int4Groups.Index(weight));
        yield return SafetensorsEntry.Create<long>(module + ".weight_shape", [2], new long[] { rows, columns });
    }
}
