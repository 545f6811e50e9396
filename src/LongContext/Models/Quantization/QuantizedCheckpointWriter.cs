using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Lays out a model's weights in a form of quantised checkpoints, and says so for config.json.</summary>
internal abstract class QuantizedCheckpointWriter
{
    protected QuantizedCheckpointWriter(CausalLanguageModel model)
    {
        Model = model;
        Quantized = [.. model.Parameters.All.Where(parameter => parameter.Quantized is not null)];
    }

    protected CausalLanguageModel Model { get; }

    /// <summary>The quantised weights.</summary>
    protected IReadOnlyList<Parameter> Quantized { get; }

    /// <summary>Names of the layers' maps that are not quantised.</summary>
    protected IEnumerable<string> Plain => Model.Parameters.All
        .Where(parameter => parameter.Quantized is null && WeightQuantizer.Takes(parameter.Name, parameter.Shape)).Select(parameter => ModuleOf(parameter.Name));

    /// <summary>The writer of a form.</summary>
    /// <exception cref="InvalidOperationException">Nothing is quantised.</exception>
    /// <exception cref="NotSupportedException">The form cannot hold the weights.</exception>
    public static QuantizedCheckpointWriter For(CausalLanguageModel model, QuantizedCheckpointForm form)
    {
        Parameter[] quantized = [.. model.Parameters.All.Where(parameter => parameter.Quantized is not null)];
        if (quantized.Length == 0) throw new InvalidOperationException("Nothing of the model is quantised: quantise it (ModelQuantizer.Quantize), or save it plain (Save).");
        Type kind = KindOf(quantized[0].Quantized!);
        if (quantized.FirstOrDefault(parameter => KindOf(parameter.Quantized!) != kind) is { } other)
            throw new NotSupportedException($"'{quantized[0].Name}' and '{other.Name}' are quantised in different formats, which no form of files here holds.");
        form = form != QuantizedCheckpointForm.Auto ? form
            : kind == typeof(Nf4Weight) ? QuantizedCheckpointForm.BitsAndBytes
            : kind == typeof(Int4Weight) && quantized.All(parameter => GptqCheckpointWriter.WhyNot(parameter) is null) ? QuantizedCheckpointForm.Gptq
            : QuantizedCheckpointForm.CompressedTensors;
        QuantizedCheckpointWriter writer = form switch
        {
            QuantizedCheckpointForm.Gptq when kind == typeof(Int4Weight) => new GptqCheckpointWriter(model),
            QuantizedCheckpointForm.CompressedTensors when kind != typeof(Nf4Weight) => new CompressedTensorsWriter(model, kind),
            QuantizedCheckpointForm.BitsAndBytes when kind == typeof(Nf4Weight) => new BitsAndBytesWriter(model),
            _ => throw new NotSupportedException($"The form {form} cannot hold '{quantized[0].Name}' and its like, which are {NameOf(kind)}."),
        };
        writer.Check();
        return writer;
    }

    /// <summary>All tensors to write, in the order of the forward pass; their values are made when their turn comes, one tensor after another.</summary>
    public IEnumerable<SafetensorsEntry> Entries() =>
        Model.Parameters.All.SelectMany(parameter => parameter.Quantized is null ? [SafetensorsTensors.Entry(parameter, Model.DataType)] : EntriesOf(parameter));

    /// <summary>What config.json says of it: <c>quantization_config</c>.</summary>
    public abstract JsonObject Config();

    /// <exception cref="NotSupportedException">The form cannot hold one of the weights.</exception>
    protected abstract void Check();

    /// <summary>The tensors of a quantised weight.</summary>
    protected abstract IEnumerable<SafetensorsEntry> EntriesOf(Parameter parameter);

    /// <summary>A weight's name without ".weight".</summary>
    protected static string ModuleOf(string name) => name[..^".weight".Length];

    /// <summary>32-bit words that are made when their turn comes.</summary>
    protected static SafetensorsEntry Words(string name, long[] shape, Func<uint[]> make) => Values(name, TensorDataType.Int32, shape, make);

    /// <summary>Values that are made when their turn comes; as many as the shape says, of the type's size.</summary>
    protected static SafetensorsEntry Values<T>(string name, TensorDataType type, long[] shape, Func<T[]> make)
        where T : unmanaged => new(name, type, shape, stream => stream.Write(MemoryMarshal.AsBytes<T>(make())));

    /// <summary>Scales in the first of these types that holds each of them exactly, else in float32. They are looked at for that now, and made again when their turn comes.</summary>
    protected static SafetensorsEntry Scales(string name, long[] shape, Func<float[]> make, params ReadOnlySpan<TensorDataType> types)
    {
        float[] values = make();
        foreach (TensorDataType type in types)
        {
            if (type == TensorDataType.Float16 && Array.TrueForAll(values, value => (float)(Half)value == value))
                return Values(name, type, shape, () => Array.ConvertAll(make(), value => (Half)value));
            if (type == TensorDataType.BFloat16 && Array.TrueForAll(values, value => (BitConverter.SingleToUInt32Bits(value) & 0xFFFF) == 0))
                return Values(name, type, shape, () => Array.ConvertAll(make(), value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)));
        }

        return Values(name, TensorDataType.Float32, shape, make);
    }

    /// <summary>float32 on the host.</summary>
    protected static float[] Floats(Tensor values)
    {
        using var scope = NewDisposeScope();
        float[] result = values.cpu().contiguous().data<float>().ToArray();
        GC.KeepAlive(values);
        return result;
    }

    /// <summary>Bytes on the host.</summary>
    protected static byte[] Bytes(Tensor values)
    {
        using var scope = NewDisposeScope();
        byte[] result = values.cpu().contiguous().data<byte>().ToArray();
        GC.KeepAlive(values);
        return result;
    }

    /// <summary>The kind of a weight; both layouts of NF4 are one.</summary>
    private static Type KindOf(QuantizedWeight weight) => weight is Nf4FlatWeight ? typeof(Nf4Weight) : weight.GetType();

    private static string NameOf(Type kind) =>
        kind == typeof(Nf4Weight) ? "NF4" : kind == typeof(Int4Weight) ? "whole numbers of 4 bits" : kind == typeof(Float8Weight) ? "8-bit floats" : "whole numbers of 8 bits";
}
