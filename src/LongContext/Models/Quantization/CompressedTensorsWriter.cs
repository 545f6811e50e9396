using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>int4, int8 and float8 as compressed-tensors writes them, inputs as they are.</summary>
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

    public override JsonObject Config() => new()
    {
        ["quant_method"] = "compressed-tensors",
        ["format"] = fourBit ? "pack-quantized" : isFloat ? "float-quantized" : "int-quantized",
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
            if (groupSize is { } size && parameter.Shape[1] % size != 0)
            {
                throw new NotSupportedException(
                    $"'{parameter.Name}' has {parameter.Shape[1]} inputs, no multiple of the group size {size}, which the files of compressed-tensors cannot hold: "
                    + "quantise with another GroupSize, with null for whole rows, or leave it out (Excluded).");
            }
        }
    }

    protected override IEnumerable<SafetensorsEntry> EntriesOf(Parameter parameter)
    {
        string module = ModuleOf(parameter.Name);
        switch (parameter.Quantized)
        {
            case Int4Weight weight: return Packed(module, weight);
            case EightBitWeight weight: return Bytes(module, weight.Codes, weight.Factors, TensorDataType.Int8);
            case Float8Weight weight: return Bytes(module, weight.Codes, weight.Factors, TensorDataType.Float8E4M3);
            default: throw new NotSupportedException($"'{parameter.Name}' is in a format that compressed-tensors does not have.");
        }
    }

    private static IEnumerable<SafetensorsEntry> Bytes(string module, Tensor codes, Tensor factors, TensorDataType type) =>
    [
        new SafetensorsEntry(module + ".weight", type, codes.shape, stream => SafetensorsTensors.Write(codes, stream)),
        SafetensorsEntry.Create<float>(module + ".weight_scale", [codes.shape[0], 1], Floats(factors)),
    ];

    private IEnumerable<SafetensorsEntry> Packed(string module, Int4Weight weight)
    {
        (int rows, int columns, int groups) = ((int)weight.Shape[0], (int)weight.Shape[1], weight.Groups);
        yield return Words(module + ".weight_packed", [rows, FourBitWords.WordsOf(columns)], () =>
        {
            var words = new uint[rows * FourBitWords.WordsOf(columns)];
            FourBitWords.WriteRowsPacked(Bytes(weight.Codes), rows, weight.Columns ?? ColumnGroups.InOrder(columns), words);
            return words;
        });
        TensorDataType own = Model.DataType == ScalarType.BFloat16 ? TensorDataType.BFloat16 : TensorDataType.Float16;
        yield return Scales(module + ".weight_scale", [rows, groups], Floats(weight.Scales), own, TensorDataType.Float16);
        if (!Symmetric)
        {
            yield return Words(module + ".weight_zero_point", [FourBitWords.WordsOf(rows), groups], () =>
            {
                var words = new uint[FourBitWords.WordsOf(rows) * groups];
                FourBitWords.WriteZerosByOutputs(Int4Groups.Zeros(weight), rows, groups, words);
                return words;
            });
        }

        if (Ordered) yield return SafetensorsEntry.Create<int>(module + ".weight_g_idx", [columns], Int4Groups.Index(weight));
        yield return SafetensorsEntry.Create<long>(module + ".weight_shape", [2], new long[] { rows, columns });
    }
}
