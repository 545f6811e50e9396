using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;

namespace LongContext.Models.Quantization;

/// <summary>NF4 as bitsandbytes serialises it, for transformers' Linear4bit.</summary>
internal sealed class BitsAndBytesWriter(CausalLanguageModel model) : QuantizedCheckpointWriter(model)
{
    private bool Nested => Quantized.Any(parameter => BlocksOf(parameter).Magnitudes.AreQuantized);

    public override JsonObject Config() => new()
    {
        ["quant_method"] = "bitsandbytes",
        ["load_in_4bit"] = true,
        ["load_in_8bit"] = false,
        ["_load_in_4bit"] = true,
        ["_load_in_8bit"] = false,
        ["bnb_4bit_quant_type"] = "nf4",
        ["bnb_4bit_use_double_quant"] = Nested,
        ["bnb_4bit_compute_dtype"] = SafetensorsTensors.ConfigName(Model.DataType),
        ["bnb_4bit_quant_storage"] = "uint8",
        ["llm_int8_enable_fp32_cpu_offload"] = false,
        ["llm_int8_has_fp16_weight"] = false,
        ["llm_int8_skip_modules"] = new JsonArray([.. Plain.Append("lm_head").Select(name => (JsonNode)name)]),
        ["llm_int8_threshold"] = ConfigValue.Float(6),
    };

    protected override void Check()
    {
        foreach (Parameter parameter in Quantized)
        {
            if (parameter.Quantized is Nf4Weight && parameter.Shape[1] % Nf4Rows.BlockSize != 0)
            {
                throw new NotSupportedException(
                    $"'{parameter.Name}' has {parameter.Shape[1]} inputs, no multiple of {Nf4Rows.BlockSize}, and its blocks end with its rows (ModelLoadOptions.WeightQuantization), which the files of "
                    + "bitsandbytes cannot hold: load it plain and quantise it with ModelQuantizer.");
            }
        }
    }

    protected override IEnumerable<SafetensorsEntry> EntriesOf(Parameter parameter)
    {
        string name = parameter.Name;
        Nf4Weight weight = BlocksOf(parameter);
        Nf4Magnitudes magnitudes = weight.Magnitudes;
        long elements = parameter.Shape[0] * parameter.Shape[1], bytes = (elements + 1) / 2, blocks = (elements + Nf4Rows.BlockSize - 1) / Nf4Rows.BlockSize;
        yield return new SafetensorsEntry(name, TensorDataType.UInt8, [bytes, 1], stream => stream.Write(Bytes(weight.Codes).AsSpan(0, checked((int)bytes))));
        if (!magnitudes.AreQuantized) yield return Values(name + ".absmax", TensorDataType.Float32, [blocks], () => magnitudes.ToHost(blocks));
        else
        {
            yield return Values(name + ".absmax", TensorDataType.UInt8, [blocks], () => magnitudes.CodesToHost(blocks));
            yield return Values(name + ".nested_absmax", TensorDataType.Float32, [magnitudes.Groups], magnitudes.GroupsToHost);
            yield return Values(name + ".nested_quant_map", TensorDataType.Float32, [Nf4Magnitudes.TableSize], magnitudes.TableToHost);
        }

        yield return SafetensorsEntry.Create<float>(name + ".quant_map", [16], Nf4Codebook.Values.ToArray());
        var state = new BitsAndBytesState(parameter.Shape, SafetensorsTensors.ConfigName(Model.DataType), Nf4Rows.BlockSize, magnitudes.AreQuantized ? Nf4Magnitudes.GroupSize : null, magnitudes.Mean);
        byte[] json = state.ToUtf8();
        yield return SafetensorsEntry.Create<byte>(name + BitsAndBytesState.Suffix, [json.Length], json);
    }

    /// <summary>The weight in blocks, whichever way its rows lie.</summary>
    private static Nf4Weight BlocksOf(Parameter parameter) => parameter.Quantized is Nf4FlatWeight flat ? flat.Blocks : (Nf4Weight)parameter.Quantized!;
}
