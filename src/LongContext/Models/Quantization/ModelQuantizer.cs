using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Quantises models: the matrices of their layers; embedding, norms, biases and head stay as they are.</summary>
/// <remarks>
/// The model then runs, is evaluated, saved (<see cref="CausalLanguageModel.SaveQuantized"/>) and exported, and trains adapters. Measure what it lost
/// before it is used: <c>QuantizationReport</c>.
/// </remarks>
public static class ModelQuantizer
{
    /// <summary>Quantises a model in place, matrix by matrix.</summary>
    /// <param name="model">The model, not quantised and without an adapter. Nothing else may use it meanwhile, and engines are made afterwards.</param>
    /// <param name="options">Format and method.</param>
    /// <param name="progress">Told after each matrix.</param>
    /// <param name="cancellationToken">
    /// Checked before each matrix and pack. A model whose quantising was cancelled is quantised in part; load it anew.
    /// </param>
    /// <returns>What became of each matrix.</returns>
    /// <remarks>
    /// GPTQ goes layer by layer: at any time the calibration's hidden states at one layer and the Hessians of one layer's maps are held, 8·inputs²
    /// bytes each, three times that while a map is done.
    /// </remarks>
    /// <exception cref="ArgumentException">Options cannot be used; the message lists all faults. Or a calibration token is outside the vocabulary.</exception>
    /// <exception cref="InvalidOperationException">The model has an adapter or is quantised already, or a run trains it.</exception>
    /// <exception cref="NotSupportedException">A weight is not finite or does not fit the format.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static QuantizationResult Quantize(
        CausalLanguageModel model, QuantizationOptions options, IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        model.ThrowIfDisposed();
        options.Validate(nameof(options));
        model.ThrowIfTraining("quantised");
        if (model.Adapter is not null) throw new InvalidOperationException("The model has an adapter: MergeAndRemoveAdapter or RemoveAdapter first.");
        model.ThrowIfQuantized("quantised again");

        RequireKnown(model, options);
        string[] names = [.. model.Parameters.All.Where(parameter => options.Takes(parameter.Name, parameter.Shape)).Select(parameter => parameter.Name)];
        if (names.Length == 0) throw new ArgumentException($"{nameof(QuantizationOptions)}: Excluded leaves nothing to quantise.", nameof(options));
        long before = BytesOf(model);
        var done = new List<QuantizedMatrix>();
        using var noGradient = no_grad();
        if (options.Method == QuantizationMethod.Gptq) new GptqRun(model, options, Report, cancellationToken).Run();
        else
        {
            using var scratch = new ScratchMemory();
            foreach (string name in names)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Report(Round(model.Parameters.Find(name), options, scratch));
            }
        }

        Dictionary<string, QuantizedMatrix> byName = done.ToDictionary(matrix => matrix.Name, StringComparer.Ordinal);
        return new QuantizationResult { Matrices = [.. names.Select(name => byName[name])], BytesBefore = before, BytesAfter = BytesOf(model) };

        void Report(QuantizedMatrix matrix)
        {
            done.Add(matrix);
            progress?.Report(new QuantizationProgress(matrix.Name, done.Count, names.Length));
        }
    }

    /// <summary>Quantises the model of a Hugging Face folder into another.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="target">The folder to write; made if it is not there.</param>
    /// <param name="options">Format and method.</param>
    /// <param name="loading">Device and type to work in; null for all defaults.</param>
    /// <param name="saving">The form of the files; null for all defaults.</param>
    /// <param name="progress">Told after each matrix.</param>
    /// <param name="cancellationToken">As above; nothing is written then.</param>
    /// <returns>What became of each matrix.</returns>
    /// <exception cref="ArgumentException">Options cannot be used, or the folders are one.</exception>
    /// <exception cref="NotSupportedException">The files cannot hold the format, a matrix or groups of this size of one; seen before anything is quantised. Or a weight does not fit the format.</exception>
    /// <exception cref="CheckpointFormatException">A file of the model is not what it must be.</exception>
    /// <exception cref="IOException">A folder or file cannot be read or written.</exception>
    public static QuantizationResult Quantize(
        string folder, string target, QuantizationOptions options, ModelLoadOptions? loading = null, QuantizedSaveOptions? saving = null,
        IProgress<QuantizationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(target);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        if (Whole(folder) == Whole(target)) throw new ArgumentException($"'{target}' is the model's own folder, expected another.", nameof(target));
        using CausalLanguageModel model = CausalLanguageModel.Load(folder, loading);
        RequireForm(model, options, saving?.Form ?? QuantizedCheckpointForm.Auto);
        QuantizationResult result = Quantize(model, options, progress, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        model.SaveQuantized(target, saving);
        return result;
    }

    /// <summary>A name that excludes nothing is a slip that shows only in the finished model.</summary>
    private static void RequireKnown(CausalLanguageModel model, QuantizationOptions options)
    {
        string[] modules = [.. model.Parameters.All.Where(parameter => new QuantizationOptions().Takes(parameter.Name, parameter.Shape)).Select(parameter => parameter.Name[..^".weight".Length])];
        // Lists for other programs name the head as well, which may be the embedding.
        string[] plain = [.. model.Parameters.All.Where(parameter => parameter.Shape.Length == 2).Select(parameter => parameter.Name).Append(DecoderTensors.Head).Where(name => name.EndsWith(".weight", StringComparison.Ordinal)).Select(name => name[..^".weight".Length])];
        if (options.Excluded.FirstOrDefault(name => !plain.Any(module => QuantizationOptions.Names(name, module))) is not { } unknown) return;
        string known = string.Join(", ", modules.Select(module => module[(module.LastIndexOf('.') + 1)..]).Distinct());
        throw new ArgumentException($"{nameof(QuantizationOptions)}: {nameof(QuantizationOptions.Excluded)} holds '{unknown}', which is the name of no matrix; those that would be quantised have names such as {known}.", nameof(options));
    }

    /// <summary>What the files cannot hold is known before hours of quantising.</summary>
    private static void RequireForm(CausalLanguageModel model, QuantizationOptions options, QuantizedCheckpointForm form)
    {
        bool holds = form switch
        {
            QuantizedCheckpointForm.Gptq => options.Format == QuantizationFormat.Int4,
            QuantizedCheckpointForm.CompressedTensors => options.Format != QuantizationFormat.Nf4,
            QuantizedCheckpointForm.BitsAndBytes => options.Format == QuantizationFormat.Nf4,
            _ => true,
        };
        if (!holds) throw new NotSupportedException($"The form {form} cannot hold weights of the format {options.Format}: leave {nameof(QuantizedSaveOptions)}.{nameof(QuantizedSaveOptions.Form)} at {QuantizedCheckpointForm.Auto}, or quantise in another.");
        if (options.Format != QuantizationFormat.Int4) return;
        Parameter[] taken = [.. model.Parameters.All.Where(parameter => options.Takes(parameter.Name, parameter.Shape))];
        if (form == QuantizedCheckpointForm.Gptq)
        {
            if (taken.FirstOrDefault(parameter => GptqCheckpointWriter.Refusal(parameter) is not null) is { } odd) throw new NotSupportedException(GptqCheckpointWriter.Refusal(odd));
            return;
        }

        if (options.GroupSize is not { } size || (form == QuantizedCheckpointForm.Auto && taken.All(parameter => GptqCheckpointWriter.WhyNot(parameter) is null))) return;
        // Where every row is shorter than a group, rows are groups.
        if (taken.All(parameter => parameter.Shape[1] <= size)) return;
        if (taken.FirstOrDefault(parameter => CompressedTensorsWriter.WhyNot(parameter, size) is not null) is { } parameter)
            throw new NotSupportedException(CompressedTensorsWriter.WhyNot(parameter, size));
    }

    private static string Whole(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static QuantizedMatrix Round(Parameter parameter, QuantizationOptions options, ScratchMemory scratch)
    {
        using var scope = NewDisposeScope();
        Tensor plain = parameter.Value, host = plain.cpu();
        QuantizedWeight weight = WeightQuantizer.Quantize(host, options, plain.device, parameter.Name, scratch);
        double error = QuantizationError.OfWeights(plain, weight);
        parameter.Quantize(weight);
        return new QuantizedMatrix(parameter.Name, weight.ByteCount, error);
    }

    private static long BytesOf(CausalLanguageModel model) =>
        model.Parameters.All.Sum(parameter => parameter.Quantized?.ByteCount ?? (parameter.Value.numel() * parameter.Value.element_size()));
}
