using System.Globalization;
using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Training.Guarding;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// A run's state on disk: <c>checkpoint-000120/</c> is a Hugging Face folder with optimizer.safetensors and trainer_state.json
/// beside the weights. It is written under a temporary name and renamed when whole, so a folder of that name is whole.
/// </summary>
public static class TrainingCheckpoint
{
    private const string Prefix = "checkpoint-";
    private const string PartialPrefix = ".partial-";
    private const string ReplacedSuffix = ".replaced";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string StateFile = "trainer_state.json";

    /// <summary>The checkpoint with the highest step in a folder, or null when there is none.</summary>
    /// <param name="folder">The <see cref="TrainerOptions.CheckpointFolder"/>; need not exist. One folder is for one run at a time.</param>
    public static string? FindLatest(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        BringBackReplaced(folder);
        return List(folder).LastOrDefault().Path;
    }

    internal static string Save(string folder, int step, CausalLanguageModel model, AdamW optimizer, TrainerOptions options, GuardState? guard = null, int? evaluatedStep = null)
    {
        Directory.CreateDirectory(folder);
        BringBackReplaced(folder);
        foreach (string leftover in Directory.GetDirectories(folder, PartialPrefix + "*")) Directory.Delete(leftover, recursive: true);

        string name = Prefix + step.ToString("D6", CultureInfo.InvariantCulture);
        string partial = Path.Combine(folder, PartialPrefix + name), final = Path.Combine(folder, name), replaced = partial + ReplacedSuffix;
        try
        {
            model.Save(partial);
            SafetensorsWriter.Write(Path.Combine(partial, OptimizerFile), optimizer.State());
            var state = new TrainerState(FormatVersion: 1, step, optimizer.Updates, options.GradientAccumulationSteps, options.Seed)
            {
                PositionRemapping = model.PositionRemapping?.ToString(),
                Guard = guard is { IsStart: false } ? guard : null,
                EvaluatedStep = evaluatedStep,
            };
            AtomicFile.WriteAllText(Path.Combine(partial, StateFile), JsonSerializer.Serialize(state, TrainerStateContext.Default.TrainerState));
            // Aside, not away: between the two renames the earlier one still exists.
            if (Directory.Exists(final)) Directory.Move(final, replaced);
            Directory.Move(partial, final);
            DirectoryFlush.TryFlush(folder); // before anything older goes away
            if (Directory.Exists(replaced)) Directory.Delete(replaced, recursive: true);
        }
        catch
        {
            if (Directory.Exists(replaced) && !Directory.Exists(final)) Directory.Move(replaced, final);
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw;
        }

        RemoveOld(folder, step, options.CheckpointsToKeep);
        return final;
    }

    /// <summary>A process that died between the two renames of <see cref="Save"/> left the earlier checkpoint aside.</summary>
    private static void BringBackReplaced(string folder)
    {
        if (!Directory.Exists(folder)) return;
        foreach (string aside in Directory.GetDirectories(folder, PartialPrefix + "*" + ReplacedSuffix))
        {
            string final = Path.Combine(folder, Path.GetFileName(aside)[PartialPrefix.Length..^ReplacedSuffix.Length]);
            if (!Directory.Exists(final)) Directory.Move(aside, final);
        }
    }

    /// <summary>Leaves the newest up to this step. Those of later steps are another run's, and none of ours to remove.</summary>
    private static void RemoveOld(string folder, int step, int keep)
    {
        List<(int Step, string Path)> ours = [.. List(folder).Where(checkpoint => checkpoint.Step <= step)];
        foreach ((_, string path) in ours.SkipLast(keep))
        {
            // Renamed first: a folder that has a checkpoint's name is whole at any time.
            string removed = Path.Combine(folder, PartialPrefix + Path.GetFileName(path));
            Directory.Move(path, removed);
            Directory.Delete(removed, recursive: true);
        }
    }

    /// <summary>What a checkpoint says of the run besides weights and optimizer.</summary>
    internal static (GuardState Guard, int? EvaluatedStep) ReadGuard(string checkpointFolder)
    {
        TrainerState state = ReadState(Path.Combine(checkpointFolder, StateFile));
        return (state.Guard ?? GuardState.Start, state.EvaluatedStep);
    }

    internal static int Restore(string checkpointFolder, CausalLanguageModel model, AdamW optimizer, TrainerOptions options)
    {
        TrainerState state = ReadState(Path.Combine(checkpointFolder, StateFile));
        using CheckpointReader reader = CheckpointReader.Open(checkpointFolder);
        string optimizerPath = Path.Combine(checkpointFolder, OptimizerFile);
        if (!File.Exists(optimizerPath)) throw new CheckpointFormatException($"{optimizerPath} is missing: the folder is not a whole training checkpoint.");
        using SafetensorsFile optimizerFile = SafetensorsFile.Open(optimizerPath);

        // Everything is checked before the first value changes: a refused checkpoint leaves model and optimizer as they were.
        optimizer.CheckState(optimizerFile);
        var sources = new List<(Tensor Parameter, SafetensorsFile File, string Name)>();
        foreach ((string name, Tensor parameter) in model.Parameters)
        {
            if (!reader.TryFind(name, out SafetensorsFile? file, out _))
                throw new CheckpointFormatException($"{checkpointFolder}: tensor '{name}' is missing.");
            CheckpointTensors.Check(parameter, file, name);
            sources.Add((parameter, file, name));
        }

        CheckSameRun(checkpointFolder, state, model, options);
        foreach ((Tensor parameter, SafetensorsFile file, string name) in sources) CheckpointTensors.CopyInto(parameter, file, name);
        optimizer.Restore(optimizerFile, state.OptimizerUpdates);
        return state.Step;
    }

    /// <exception cref="ArgumentException">Going on would be another run: other data, or other positions.</exception>
    private static void CheckSameRun(string checkpointFolder, TrainerState state, CausalLanguageModel model, TrainerOptions options)
    {
        if (state.GradientAccumulationSteps != options.GradientAccumulationSteps || state.Seed != options.Seed)
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a run with GradientAccumulationSteps {state.GradientAccumulationSteps} and Seed {state.Seed}, but this trainer has "
                + $"{options.GradientAccumulationSteps} and {options.Seed}: it would go on with other data.");
        }

        ModelConfig saved = ModelConfig.Load(checkpointFolder);
        if (!saved.RotatesLike(model.Config))
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a model whose positions are {saved.DescribeRotation()}, but this one's are {model.Config.DescribeRotation()}.");
        }

        string? remapping = model.PositionRemapping?.ToString();
        if (state.PositionRemapping != remapping)
        {
            throw new ArgumentException(
                $"{checkpointFolder} is of a run under {state.PositionRemapping ?? "no remapping of positions"}, but this model has {remapping ?? "none"}.");
        }
    }

    private static TrainerState ReadState(string path)
    {
        if (!File.Exists(path)) throw new CheckpointFormatException($"{path} is missing: the folder is not a training checkpoint, or not a whole one.");
        try
        {
            TrainerState? state = JsonSerializer.Deserialize(File.ReadAllText(path), TrainerStateContext.Default.TrainerState);
            if (state is not { FormatVersion: 1, Step: >= 0, OptimizerUpdates: >= 0, GradientAccumulationSteps: >= 1 })
                throw new CheckpointFormatException($"{path}: expected format version 1 and counts that are not negative, found {state}.");
            if (state.Guard?.Fault() is { } fault) throw new CheckpointFormatException($"{path}: {fault}.");
            return state;
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException($"{path} is not the JSON of a trainer's state: {e.Message}", e);
        }
    }

    internal static int StepOf(string checkpoint) => int.Parse(Path.GetFileName(checkpoint).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);

    private static List<(int Step, string Path)> List(string folder)
    {
        var found = new List<(int Step, string Path)>();
        if (!Directory.Exists(folder)) return found;
        foreach (string path in Directory.GetDirectories(folder, Prefix + "*"))
        {
            if (int.TryParse(Path.GetFileName(path).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int step))
                found.Add((step, path));
        }

        found.Sort((a, b) => a.Step.CompareTo(b.Step));
        return found;
    }
}
