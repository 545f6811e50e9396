using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Models;
using LongContext.Training.Guarding;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Training;

public static partial class TrainingCheckpoint
{
    /// <summary>Takes everything over; a refused checkpoint leaves model and optimizer as they were.</summary>
    /// <param name="checkpointFolder">The checkpoint.</param>
    /// <param name="model">Gets the weights.</param>
    /// <param name="optimizer">Gets its state.</param>
    /// <param name="options">Must be those of the same run.</param>
    /// <param name="verified">The files have been compared with the manifest already.</param>
    internal static (int Step, DataPosition Data) Restore(
        string checkpointFolder, CausalLanguageModel model, Optimizer optimizer, TrainerOptions options, bool verified = false)
    {
        // Everything is checked before the first value changes, first what each file must hold: those messages tell most.
        TrainerState state = ReadState(Path.Combine(checkpointFolder, StateFile));
        if (model.Adapter is null && File.Exists(Path.Combine(checkpointFolder, LoraAdapter.WeightsFile)))
            throw new CheckpointFormatException($"{checkpointFolder} is of a run that trained an adapter, but this model has none: add it first (AddAdapter, or LoraAdapter.Load from that folder).");
        if (model.Adapter is not null && !File.Exists(Path.Combine(checkpointFolder, LoraAdapter.WeightsFile)) && HasWeights(checkpointFolder))
            throw new CheckpointFormatException($"{checkpointFolder} is of a run that trained all weights, but this model has an adapter: remove it first (RemoveAdapter), or give this run a folder of its own.");
        using CheckpointReader? reader = model.Adapter is null ? CheckpointReader.Open(checkpointFolder) : null;
        using SafetensorsFile? adapterFile = model.Adapter is null ? null : Open(checkpointFolder, LoraAdapter.WeightsFile);
        using SafetensorsFile optimizerFile = Open(checkpointFolder, OptimizerFile), randomFile = Open(checkpointFolder, RandomFile);
        StreamState data = StreamState.Load(Require(checkpointFolder, DataFile));
        // Before its tensors: that one is missing would say less.
        if (state.Optimizer is { } earlier && optimizer.Identity.DifferenceFrom(earlier) is { } difference)
            throw new ArgumentException($"{checkpointFolder} is of a run with another optimizer, whose state would mean something else ({difference}): it would go on as another run.");
        if (model.Adapter?.DifferenceFrom(checkpointFolder) is { } otherwise)
            throw new ArgumentException($"{checkpointFolder} is of a run whose adapter was made otherwise ({otherwise}): it would go on as another run.");
        optimizer.CheckState(optimizerFile);
        RandomState.Check(randomFile);
        var sources = new List<(Tensor Parameter, SafetensorsFile File, string Name)>();
        foreach ((string name, Tensor parameter) in model.Adapter?.Tensors ?? (IReadOnlyDictionary<string, Tensor>)model.Parameters)
        {
            SafetensorsFile? file = adapterFile;
            if (reader is not null && !reader.TryFind(name, out file, out _))
                throw new CheckpointFormatException($"{checkpointFolder}: tensor '{name}' is missing.");
            CheckpointTensors.Check(parameter, file!, name);
            sources.Add((parameter, file!, name));
        }

        if (!verified) Verify(checkpointFolder);
        CheckSameRun(checkpointFolder, state, model, options);
        foreach ((Tensor parameter, SafetensorsFile file, string name) in sources) CheckpointTensors.CopyInto(parameter, file, name);
        optimizer.Restore(optimizerFile, state.OptimizerUpdates);
        RandomState.Restore(randomFile);
        return (state.Step, new DataPosition(state.Packs, data));
    }

    /// <summary>What a checkpoint says of the run besides weights, optimizer and data.</summary>
    internal static (GuardState Guard, int? EvaluatedStep, double? Metric) ReadGuard(string checkpointFolder)
    {
        TrainerState state = ReadState(Path.Combine(checkpointFolder, StateFile));
        return (state.Guard ?? GuardState.Start, state.EvaluatedStep, state.Metric);
    }

    private static bool HasWeights(string checkpointFolder) => new[] { CheckpointFiles.Single, CheckpointFiles.Index }.Any(name => File.Exists(Path.Combine(checkpointFolder, name)));

    private static SafetensorsFile Open(string checkpointFolder, string name) => SafetensorsFile.Open(Require(checkpointFolder, name));

    private static string Require(string checkpointFolder, string name) => Path.Combine(checkpointFolder, name) is var path && File.Exists(path) ? path
        : throw new CheckpointFormatException($"{path} is missing: the folder is not a whole training checkpoint.");

    /// <exception cref="ArgumentException">Going on would be another run: other data, or other positions.</exception>
    private static void CheckSameRun(string checkpointFolder, TrainerState state, CausalLanguageModel model, TrainerOptions options)
    {
        if (state.GradientAccumulationSteps != options.GradientAccumulationSteps || state.Seed != options.Seed)
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a run with GradientAccumulationSteps {state.GradientAccumulationSteps} and Seed {state.Seed}, but this trainer has "
                + $"{options.GradientAccumulationSteps} and {options.Seed}: it would go on with other data.");
        }

        if (state.DataType is { } type && type != model.DataType.ToString())
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a run in {type}, but this model is in {model.DataType}: it would go on as another run. Load the model in that type (ModelLoadOptions.DataType).");
        }

        if (model.Adapter is { } adapter && state.BaseWeights is { } trainedOn && WeightIdentity.OfBase(model, adapter) is var here && here != trainedOn)
            throw new ArgumentException($"{checkpointFolder} is of a run whose adapter was trained on other weights: their identity was '{trainedOn}', here it is '{here}'. Load the model that it was trained on, in the same type and quantisation.");

        ModelConfig saved = ModelConfig.Load(checkpointFolder);
        if (!saved.RotatesLike(model.Config))
        {
            (string own, string theirs) = model.Config.DescribeRotations(saved);
            throw new ArgumentException(
                $"{checkpointFolder} is of a model whose positions have {theirs}, but this one's have {own}: give it the same before resuming (ModelLoadOptions.RopeScaling, ExtendTo or SetRopeScaling).");
        }

        if (saved.MaxPositionEmbeddings != model.ContextLength)
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a run with a window of {saved.MaxPositionEmbeddings} tokens (max_position_embeddings), but this model's is {model.ContextLength}: "
                + "it would go on as another run.");
        }

        string? remapping = model.PositionRemapping?.ToString();
        if (state.PositionRemapping != remapping)
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a run under {state.PositionRemapping ?? "no remapping of positions"}, but this model has {remapping ?? "none"}.");
        }
    }
}
