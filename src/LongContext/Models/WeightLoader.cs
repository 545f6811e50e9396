using LongContext.Checkpoints;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// Reads a decoder's weights file by file, each of which is unmapped once it has given its tensors, so that loading peaks at one
/// tensor's copy above the model, and never at more than one shard.
/// </summary>
internal sealed class WeightLoader
{
    /// <summary>Tensors that older transformers and quantisers left in files and that nothing needs, by how their names end.</summary>
    private static readonly string[] Superfluous =
        [".rotary_emb.inv_freq", ".masked_bias", ".attn.bias", ".input_scale", ".weight_scale", ".weight_scale_inv", ".k_scale", ".v_scale", ".activation_scale"];

    private readonly CheckpointReader reader;
    private readonly DecoderShape shape;
    private readonly CheckpointQuantization? quantization;
    private readonly TensorNames names;
    private readonly ScalarType dataType;
    private readonly Device device;
    private readonly WeightQuantization inMemory;
    private readonly bool dequantizes;
    private readonly CancellationToken cancellation;

    private WeightLoader(CheckpointReader reader, DecoderShape shape, ModelConfig config, ModelLoadOptions options)
    {
        this.reader = reader;
        this.shape = shape;
        quantization = CheckpointQuantization.Read(config);
        names = new TensorNames(reader);
        device = options.Device ?? CPU;
        inMemory = options.WeightQuantization;
        dequantizes = options.DequantizesWeights;
        cancellation = options.CancellationToken;
        dataType = options.DataType ?? OwnDataType(config);
    }

    /// <summary>All weights in the order of the forward pass.</summary>
    /// <exception cref="CheckpointFormatException">A tensor is missing, superfluous, damaged, or of another shape or type than it must be.</exception>
    /// <exception cref="NotSupportedException">The weights are quantised in a way that is not read here.</exception>
    public static ModelParameters Load(CheckpointReader reader, DecoderShape shape, ModelConfig config, ModelLoadOptions options) =>
        new WeightLoader(reader, shape, config, options).Load(options.IgnoreUnknownTensors);

    private ModelParameters Load(bool ignoreUnknown)
    {
        List<Source> sources = [.. DecoderTensors.All(shape).Select(tensor => Find(tensor.Name, tensor.Shape))];
        if (!ignoreUnknown) CheckNothingElse(sources);

        // How many reads each file still has before it; a scale may lie in another file than its weight.
        var pending = new Dictionary<SafetensorsFile, int>();
        foreach (SafetensorsFile file in sources.SelectMany(Files)) pending[file] = pending.GetValueOrDefault(file) + 1;

        using ScratchMemory scratch = new(), quantizing = new();
        var loaded = new Dictionary<string, (Tensor Tensor, QuantizedWeight? Quantized)>(StringComparer.Ordinal);
        try
        {
            foreach (Source source in sources.OrderBy(source => source.File.Path, StringComparer.Ordinal).ThenBy(source => source.Info.Offset))
            {
                cancellation.ThrowIfCancellationRequested();
                loaded.Add(source.Name, ReadOrQuantize(source, scratch, quantizing));
                if (source.Stored is null) source.File.Release(source.Info.Name);
                foreach (StoredTensor part in source.Stored?.Parts ?? []) part.File.Release(part.Info.Name);
                foreach (SafetensorsFile file in Files(source))
                {
                    if (--pending[file] == 0) file.Dispose();
                }
            }
        }
        catch
        {
            foreach ((Tensor tensor, QuantizedWeight? weight) in loaded.Values)
            {
                tensor.Dispose();
                weight?.Dispose();
            }

            throw;
        }

        var parameters = new ModelParameters();
        foreach (Source source in sources)
        {
            if (loaded[source.Name].Quantized is { } weight) parameters.Add(source.Name, weight);
            else parameters.Add(source.Name, loaded[source.Name].Tensor);
        }

        return parameters;
    }

    private (Tensor Tensor, QuantizedWeight? Quantized) ReadOrQuantize(Source source, ScratchMemory scratch, ScratchMemory quantizing)
    {
        if (source.Stored is { } stored) return ReadStored(source.Name, stored, quantizing);
        if (inMemory == WeightQuantization.None || !WeightQuantizer.Takes(source.Name, [.. source.Info.Shape]))
            return (Read(source, scratch, device).DetachFromDisposeScope(), null);
        using Tensor plain = ReadToQuantize(source, scratch, quantizing);
        QuantizedWeight weight = WeightQuantizer.Quantize(plain, inMemory, device, source.Name, quantizing);
        return (weight.Codes, weight);
    }

    /// <summary>A weight that is quantised in the files: as it is there, or dequantised, or quantised anew.</summary>
    private (Tensor Tensor, QuantizedWeight? Quantized) ReadStored(string name, StoredWeight stored, ScratchMemory quantizing)
    {
        using var scope = NewDisposeScope();
        if (!dequantizes && inMemory == WeightQuantization.None && Keeps(name))
        {
            QuantizedWeight kept = stored.Read(device);
            return (kept.Codes, kept);
        }

        QuantizedWeight read = stored.Read(CPU);
        using Tensor codes = read.Codes;
        using (read)
        {
            Tensor plain = read.Dequantize(dataType);
            if (inMemory == WeightQuantization.None || !Keeps(name)) return (plain.to(device).DetachFromDisposeScope(), null);
            QuantizedWeight weight = WeightQuantizer.Quantize(plain, inMemory, device, name, quantizing);
            return (weight.Codes, weight);
        }
    }

    private static bool Keeps(string name) => WeightQuantizer.Takes(name, [1, 1]);

    /// <summary>
    /// In memory that is used again for the next: between matrices that come and go, the codes that stay would keep what is freed from
    /// being used (measured: 840 MB for a model of 173 MB).
    /// </summary>
    private Tensor ReadToQuantize(Source source, ScratchMemory scratch, ScratchMemory quantizing)
    {
        long elements = source.Info.Shape.Aggregate(1L, (count, size) => count * size);
        if (source.Info.DataType == TensorDataType.Float8E4M3 || elements > ScratchMemory.Elements(dataType)) return Read(source, scratch, CPU);
        using var scope = NewDisposeScope();
        Tensor plain = quantizing.Row(dataType).narrow(0, 0, elements).view([.. source.Info.Shape]);
        SafetensorsTensors.ReadInto(plain, source.File, source.Info, scratch);
        return plain.MoveToOuterDisposeScope();
    }

    private static IEnumerable<SafetensorsFile> Files(Source source) =>
        source.Stored is { } stored ? stored.Parts.Select(part => part.File) : source.Scale is { } scale ? [source.File, scale.File] : [source.File];

    private Tensor Read(Source source, ScratchMemory scratch, Device to) =>
        source.Info.DataType == TensorDataType.Float8E4M3
            ? Float8Weights.Read(source.File, source.Info, source.Scale, quantization, dataType, to, scratch)
            : SafetensorsTensors.Read(source.File, source.Info, dataType, to, scratch);

    private Source Find(string name, long[] expected)
    {
        string inFile = names.InFile(name);
        if (quantization is not null && (Keeps(name) || quantization.Form != StoredForm.Float8) && StoredWeight.Find(reader, inFile, expected, quantization) is { } stored)
            return new Source(name, stored.Codes.File, stored.Codes.Info, null) { Stored = stored };
        if (!reader.TryFind(inFile, out SafetensorsFile? file, out TensorInfo? info))
            throw new CheckpointFormatException($"{reader.Folder}: tensor '{inFile}' of shape [{string.Join(", ", expected)}] is missing.");
        if (!info.Shape.SequenceEqual(expected))
        {
            throw new CheckpointFormatException(
                $"{file.Path}: tensor '{inFile}' has shape [{string.Join(", ", info.Shape)}], but config.json asks for [{string.Join(", ", expected)}].");
        }

        if (info.DataType >= TensorDataType.Int64)
            throw new CheckpointFormatException($"{file.Path}: tensor '{inFile}' is of type {info.DataType}, but weights are floating point.");
        if (info.DataType == TensorDataType.Float8E5M2)
            throw new NotSupportedException($"{file.Path}: tensor '{inFile}' is of type {info.DataType}; of 8-bit floats only {TensorDataType.Float8E4M3} is read.");
        if (info.DataType != TensorDataType.Float8E4M3) return new Source(name, file, info, null);
        foreach (string scaleName in Float8Weights.ScaleNames(inFile))
        {
            if (reader.TryFind(scaleName, out SafetensorsFile? scaleFile, out TensorInfo? scaleInfo)) return new Source(name, file, info, (scaleFile, scaleInfo));
        }

        return new Source(name, file, info, null);
    }

    /// <summary>A weight that the model would not use is one that it was trained with: to leave it out silently would be another model.</summary>
    private void CheckNothingElse(List<Source> sources)
    {
        HashSet<string> known = [.. sources.Select(source => source.Info.Name), .. sources.SelectMany(source => source.Stored?.Parts ?? []).Select(part => part.Info.Name)];
        HashSet<string> scalesOfPlainWeights =
            [.. sources.Where(source => source.Info.DataType != TensorDataType.Float8E4M3).SelectMany(source => Float8Weights.ScaleNames(source.Info.Name))];
        string[] unknown =
        [
            .. reader.TensorNames
                .Where(name => !known.Contains(name) && (scalesOfPlainWeights.Contains(name) || !Superfluous.Any(end => name.EndsWith(end, StringComparison.Ordinal))))
                .Where(name => !IsEmptyBias(name, known))
                .Where(name => !(shape.TieWordEmbeddings && name == DecoderTensors.Head) && !names.IsOfAnotherPart(name))
                .Order(StringComparer.Ordinal),
        ];
        if (unknown.Length == 0) return;
        const int Shown = 5;
        throw new CheckpointFormatException(
            $"{reader.Folder}: the weights hold {unknown.Length} tensors that config.json's model does not have: {string.Join(", ", unknown.Take(Shown))}"
            + $"{(unknown.Length > Shown ? ", …" : "")}. If they may be left out, say so with {nameof(ModelLoadOptions)}.{nameof(ModelLoadOptions.IgnoreUnknownTensors)}.");
    }

    /// <summary>Older versions of AutoGPTQ gave every map a bias, of zeros where the model has none.</summary>
    private bool IsEmptyBias(string name, HashSet<string> known) =>
        quantization?.Form == StoredForm.Gptq && name.EndsWith(".bias", StringComparison.Ordinal) && known.Contains(name[..^"bias".Length] + "qweight")
        && StoredTensor.Find(reader, name)!.Bytes().IndexOfAnyExcept((byte)0) < 0;

    /// <summary>The embedding's type (files that mix types, such as norms in float32, become one); for 8-bit floats config.json's.</summary>
    private ScalarType OwnDataType(ModelConfig config) =>
        reader.TryFind(names.InFile(DecoderTensors.Embedding), out _, out TensorInfo? info)
            ? info.DataType switch
            {
                TensorDataType.Float64 => ScalarType.Float64,
                TensorDataType.Float16 => ScalarType.Float16,
                TensorDataType.BFloat16 => ScalarType.BFloat16,
                TensorDataType.Float8E4M3 => config.DataType switch { "float32" => ScalarType.Float32, "float16" => ScalarType.Float16, _ => ScalarType.BFloat16 },
                _ => ScalarType.Float32,
            }
            : ScalarType.Float32;

    /// <summary>Where the weight of a name lies, and its scale.</summary>
    private sealed record Source(string Name, SafetensorsFile File, TensorInfo Info, (SafetensorsFile File, TensorInfo Info)? Scale)
    {
        /// <summary>What it is made of where it is quantised whole; null for plain weights and 8-bit floats that are dequantised.</summary>
        public StoredWeight? Stored { get; init; }
    }
}
