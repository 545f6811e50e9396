// Shape suffixes: R rows, G groups of a row.
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>int4 as AutoGPTQ and GPTQModel write it.</summary>
/// <remarks>
/// In their first format a zero point is written less 1, which every program undoes; weights with a zero point of 0, which others may have made, go
/// into the second, which writes them as they are.
/// </remarks>
internal sealed class GptqCheckpointWriter : QuantizedCheckpointWriter
{
    private readonly bool second;
    private readonly int? groupSize;

    public GptqCheckpointWriter(CausalLanguageModel model)
        : base(model)
    {
        second = Quantized.Any(parameter => Of(parameter).Zeros is { } zeros && Bytes(zeros).AsSpan().Contains((byte)0));
        groupSize = Int4Groups.Common(Quantized);
    }

    private bool Symmetric => Quantized.All(parameter => Of(parameter).Zeros is null);

    /// <summary>Why a weight cannot be held; null where it can.</summary>
    public static string? WhyNot(Parameter parameter) =>
        parameter.Shape[0] % FourBitWords.PerWord != 0 ? $"has {parameter.Shape[0]} outputs, no multiple of {FourBitWords.PerWord}"
        : parameter.Shape[1] % FourBitWords.PerWord != 0 ? $"has {parameter.Shape[1]} inputs, no multiple of {FourBitWords.PerWord}"
        : null;

    /// <summary>The same as a sentence with the way out.</summary>
    public static string? Refusal(Parameter parameter) => WhyNot(parameter) is { } reason
        ? $"'{parameter.Name}' {reason}, which GPTQ's files cannot hold; {nameof(QuantizedCheckpointForm)}.{nameof(QuantizedCheckpointForm.CompressedTensors)} can."
        : null;

    public override JsonObject Config()
    {
        var config = new JsonObject
        {
            ["quant_method"] = "gptq",
            ["bits"] = 4,
            ["group_size"] = groupSize ?? -1,
            ["desc_act"] = Quantized.Any(parameter => Of(parameter).Columns is not null),
            ["sym"] = Symmetric,
            ["lm_head"] = false,
            ["checkpoint_format"] = second ? "gptq_v2" : "gptq",
            ["pack_dtype"] = "int32",
        };
        string[] plain = [.. Plain];
        if (plain.Length > 0)
        {
            // A pattern that begins with "-:" names what is left out (GPTQModel, vLLM).
            config["dynamic"] = new JsonObject(plain.Select(name => KeyValuePair.Create<string, JsonNode?>($"-:^{Regex.Escape(name)}$", new JsonObject())));
        }

        return config;
    }

    protected override void Check()
    {
        foreach (Parameter parameter in Quantized)
        {
            if (Refusal(parameter) is { } reason) throw new NotSupportedException(reason);
        }
    }

    protected override IEnumerable<SafetensorsEntry> EntriesOf(Parameter parameter)
    {
        Int4Weight weight = Of(parameter);
        string module = ModuleOf(parameter.Name);
        (int rows, int columns, int groups, int added) = ((int)weight.Shape[0], (int)weight.Shape[1], weight.Groups, second ? 0 : 1);
        yield return Words(module + ".qweight", [columns / FourBitWords.PerWord, rows], () =>
        {
            var words = new uint[(long)columns / FourBitWords.PerWord * rows];
            FourBitWords.WriteInputsPacked(Bytes(weight.Codes), rows, weight.Columns ?? ColumnGroups.InOrder(columns), words);
            return words;
        });
        yield return Words(module + ".qzeros", [groups, rows / FourBitWords.PerWord], () =>
        {
            var words = new uint[(long)groups * (rows / FourBitWords.PerWord)];
            FourBitWords.WriteZeros(Int4Groups.Zeros(weight), rows, groups, added, words);
            return words;
        });
        yield return Scales(module + ".scales", [groups, rows], () => ByGroups(weight.Scales), TensorDataType.Float16, TensorDataType.BFloat16);
        yield return Values(module + ".g_idx", TensorDataType.Int32, [columns], () => Int4Groups.Index(weight));
    }

    private static float[] ByGroups(Tensor scales_RG)
    {
        using Tensor scales_GR = scales_RG.t();
        return Floats(scales_GR);
    }

    private static Int4Weight Of(Parameter parameter) => (Int4Weight)parameter.Quantized!;
}
