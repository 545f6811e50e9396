using System.Text;
using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models.Families;
using LongContext.Models.Quantization;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Loading from and saving to a Hugging Face folder.</summary>
public sealed partial class CausalLanguageModel
{
    /// <summary>Files beside the weights that belong to a model and go along when it is saved.</summary>
    private static readonly string[] CompanionFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja", "generation_config.json",
    ];

    /// <summary>Loads config.json, generation_config.json where there is one, and the weights (model.safetensors, or an index and its shards) of a Hugging Face folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">Device, type, scaling; null for all defaults.</param>
    /// <exception cref="CheckpointFormatException">A file is not what it must be: a tensor missing, unknown, of another shape, damaged.</exception>
    /// <exception cref="NotSupportedException">A family, activation, weight type or quantisation that is not supported.</exception>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    /// <exception cref="IOException">The folder or a file is not there or cannot be read.</exception>
    /// <exception cref="OperationCanceledException"><see cref="ModelLoadOptions.CancellationToken"/> was cancelled.</exception>
    public static CausalLanguageModel Load(string folder, ModelLoadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        options ??= new ModelLoadOptions();
        options.Validate(nameof(options));
        ModelFolder.Require(folder);
        LoraAdapter.ThrowIfFolder(folder);
        ModelConfig config = ReadConfig(folder, options);
        GenerationConfig? generation = GenerationConfig.LoadIfPresent(folder);
        Device device = options.Device ?? CPU;
        DecoderShape shape = ModelFamily.ReadShape(config);
        ModelParameters parameters;
        using (CheckpointReader reader = CheckpointReader.Open(folder)) parameters = WeightLoader.Load(reader, shape, config, options);
        try
        {
            // In memory nothing is quantised any more, and nothing will be when it is saved.
            return new CausalLanguageModel(config.WithoutField(CheckpointQuantization.Field), parameters, device, options, folder) { GenerationConfig = generation };
        }
        catch
        {
            parameters.Release();
            throw;
        }
    }

    /// <summary>The config that a folder's model has under options.</summary>
    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    internal static ModelConfig ReadConfig(string folder, ModelLoadOptions options)
    {
        ModelConfig config = ModelConfig.Load(folder);
        if (options.RopeScaling is { } scaling) return config.WithRopeScaling(scaling, options.ContextLength);
        if (options.ContextLength is < 1) throw new ArgumentException($"ModelLoadOptions.ContextLength must be at least 1, but is {options.ContextLength}.", nameof(options));
        return options.ContextLength is { } contextLength ? config.WithRopeScaling(config.RopeScaling, contextLength) : config;
    }

    /// <summary>A model with random weights: matrices normal with <see cref="ModelConfig.InitializerRange"/>, norms 1, biases 0.</summary>
    /// <param name="config">Sizes, scaling, family.</param>
    /// <param name="seed">The same seed gives the same weights on the same device.</param>
    /// <param name="options">Device, type, quantisation and attention; its scaling and context length are not used. Null for float32 on the CPU.</param>
    /// <exception cref="ArgumentException">The config is out of range, where the message names every fault, or an option cannot be used.</exception>
    /// <exception cref="CheckpointFormatException">A field that only the family has (<see cref="ModelConfig.WithField"/>) is out of range.</exception>
    /// <exception cref="NotSupportedException">A family or activation that is not supported.</exception>
    public static CausalLanguageModel Create(ModelConfig config, int seed, ModelLoadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        using var generator = new Generator((ulong)seed, CPU);
        return Create(config, size => TensorArithmetic.Normal(size, config.InitializerRange, generator), options);
    }

    /// <summary>As above, with matrices from elsewhere: an 8B model's are drawn on the device that they are for.</summary>
    /// <param name="config">Sizes, scaling, family.</param>
    /// <param name="draw">Makes a matrix of a size.</param>
    /// <param name="options">Device, type and attention.</param>
    internal static CausalLanguageModel Create(ModelConfig config, Func<long[], Tensor> draw, ModelLoadOptions? options)
    {
        config.Validate();
        options ??= new ModelLoadOptions();
        options.Validate(nameof(options));
        Device device = options.Device ?? CPU;
        ScalarType dataType = options.DataType ?? ScalarType.Float32;
        var parameters = new ModelParameters();
        try
        {
            DecoderShape shape = ModelFamily.ReadShape(config);
            foreach ((string name, long[] size) in DecoderTensors.All(shape))
            {
                using var scope = NewDisposeScope();
                Tensor weight = size.Length > 1 ? draw(size)
                    : name.EndsWith(".bias", StringComparison.Ordinal) ? zeros(size) : TensorArithmetic.Filled(size, 1 - shape.Norm.WeightOffset, ScalarType.Float32, CPU);
                if (options.WeightQuantization != WeightQuantization.None && WeightQuantizer.Takes(name, size))
                    parameters.Add(name, WeightQuantizer.Quantize(weight.to(dataType), options.WeightQuantization, device, name));
                else
                    parameters.Add(name, weight.to(dataType).to(device));
            }

            return new CausalLanguageModel(config, parameters, device, options, sourceFolder: null);
        }
        catch
        {
            parameters.Release();
            throw;
        }
    }

    /// <summary>
    /// Writes config.json, the weights and, where it was loaded from a folder, that folder's tokenizer files. Each file is
    /// written under a temporary name and renamed when whole. Quantised weights are written as what the model computes with, in its type.
    /// </summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="maximumShardBytes">Weights beyond this many bytes go into several files with an index. Default 5·10⁹.</param>
    /// <exception cref="InvalidOperationException">
    /// There is an adapter that is not merged, or a run trains the model and this is not the run's own thread (as a synchronous <see cref="IProgress{T}"/> is called on), where
    /// no step is under way.
    /// </exception>
    /// <exception cref="IOException">Writing failed; what the folder held before is still whole. (A power failure between the last renames can leave files of both.)</exception>
    public void Save(string folder, long maximumShardBytes = 5_000_000_000)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using IDisposable? reading = BeginReading("saved");
        ThrowIfAdapterIsApart();
        Write(folder, [.. Parameters.All.Select(parameter => SafetensorsTensors.Entry(parameter, DataType))], maximumShardBytes, Config);
    }

    /// <summary>The folder it came from is gone; another has the same tokenizer files.</summary>
    internal void MoveSource(string folder) => SourceFolder = Path.GetFullPath(folder);

    private void Write(string folder, IReadOnlyList<SafetensorsEntry> weights, long maximumShardBytes, ModelConfig config)
    {
        Directory.CreateDirectory(folder);
        // The small files are whole on disk before the weights take their place, and then only need renaming.
        List<StagedFile> staged = StageConfigAndCompanions(folder, config);
        try
        {
            CheckpointWriter.Write(folder, weights, maximumShardBytes, staged);
        }
        finally
        {
            foreach (StagedFile file in staged) file.Dispose();
        }
    }

    /// <summary>config.json and the tokenizer's files, written and not yet in their places; the caller's to commit and dispose.</summary>
    internal List<StagedFile> StageConfigAndCompanions(string folder, ModelConfig saved)
    {
        var staged = new List<StagedFile>();
        try
        {
            string config = (saved with { DataType = SafetensorsTensors.ConfigName(DataType) }).ToJson();
            staged.Add(AtomicFile.Stage(Path.Combine(folder, "config.json"), stream => stream.Write(Encoding.UTF8.GetBytes(config))));
            if (SourceFolder is null || SourceFolder == Path.GetFullPath(folder)) return staged;
            foreach (string name in CompanionFiles.Where(name => File.Exists(Path.Combine(SourceFolder, name))))
            {
                using FileStream source = File.OpenRead(Path.Combine(SourceFolder, name));
                staged.Add(AtomicFile.Stage(Path.Combine(folder, name), source.CopyTo));
            }

            return staged;
        }
        catch
        {
            foreach (StagedFile file in staged) file.Dispose();
            throw;
        }
    }
}
