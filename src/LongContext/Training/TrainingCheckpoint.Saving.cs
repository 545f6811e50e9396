using System.Globalization;
using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Training;

public static partial class TrainingCheckpoint
{
    /// <summary>Writes a checkpoint, and then removes what is not to be kept.</summary>
    /// <param name="folder">The run's folder, which it holds.</param>
    /// <param name="snapshot">What is written.</param>
    /// <param name="options">How many are kept.</param>
    /// <param name="others">Another run's checkpoints, which go too; null for none.</param>
    /// <returns>The checkpoint's folder.</returns>
    internal static string Save(string folder, TrainingSnapshot snapshot, TrainerOptions options, IReadOnlyCollection<string>? others = null)
    {
        Directory.CreateDirectory(folder);
        RemoveLeftovers(folder);
        string name = Prefix + snapshot.Step.ToString("D6", CultureInfo.InvariantCulture);
        string partial = Path.Combine(folder, PartialPrefix + name), final = Path.Combine(folder, name), replaced = partial + ReplacedSuffix;
        try
        {
            WriteFiles(partial, snapshot, options);
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

        foreach (string removed in RemoveOld(folder, snapshot.Step, options, [.. (others ?? []).Where(path => path != final)]))
        {
            // A run that goes on from one of its checkpoints has its tokenizer files from there: the next ones come from this.
            if (snapshot.Model.SourceFolder == Path.GetFullPath(removed)) snapshot.Model.MoveSource(final);
        }

        return final;
    }

    /// <summary>Each file is on the disk before the next begins, the manifest last; tensors are written one after the other from where they are.</summary>
    private static void WriteFiles(string partial, TrainingSnapshot snapshot, TrainerOptions options)
    {
        if (snapshot.Model.Adapter is { } adapter)
        {
            // The base does not change: what trains is the adapter, and a checkpoint an adapter's folder.
            adapter.Save(partial);
        }
        else
        {
            snapshot.Model.Save(partial);
        }

        SafetensorsWriter.Write(Path.Combine(partial, OptimizerFile), snapshot.Optimizer.State());
        snapshot.Data.State.Save(Path.Combine(partial, DataFile));
        RandomState.Save(Path.Combine(partial, RandomFile));
        var state = new TrainerState(
            TrainerState.CurrentVersion, snapshot.Step, snapshot.Optimizer.Updates, options.GradientAccumulationSteps, options.Seed, snapshot.Data.Packs)
        {
            PositionRemapping = snapshot.Model.PositionRemapping?.ToString(),
            Optimizer = snapshot.Optimizer.Identity,
            DataType = snapshot.Model.DataType.ToString(),
            BaseWeights = snapshot.Model.Adapter is { } trained ? WeightIdentity.OfBase(snapshot.Model, trained) : null,
            Guard = snapshot.Guard.IsStart ? null : snapshot.Guard,
            EvaluatedStep = snapshot.EvaluatedStep,
            // JSON has no other numbers; a metric that is not one says nothing about what is better.
            Metric = snapshot.Metric is { } metric && double.IsFinite(metric) ? metric : null,
        };
        AtomicFile.WriteAllText(Path.Combine(partial, StateFile), JsonSerializer.Serialize(state, TrainerStateContext.Default.TrainerState));
        FolderManifest.Write(partial);
    }

    /// <summary>Leaves the newest up to this step, and the best where that is asked; what is torn is not counted: none of ours to remove.</summary>
    /// <returns>The folders that were removed.</returns>
    private static List<string> RemoveOld(string folder, int step, TrainerOptions options, string[] others)
    {
        List<(int Step, string Path)> whole =
            [.. List(folder).Where(checkpoint => checkpoint.Step <= step && !others.Contains(checkpoint.Path) && FolderManifest.FindFault(checkpoint.Path, checksums: false) is null)];
        string? best = options.KeepBestCheckpoint ? Best(whole) : null;
        List<string> old = [.. whole.SkipLast(options.CheckpointsToKeep).Select(checkpoint => checkpoint.Path).Where(path => path != best), .. others.Where(Directory.Exists)];
        foreach (string path in old)
        {
            // Renamed first: a folder that has a checkpoint's name is whole at any time.
            string removed = Path.Combine(folder, PartialPrefix + Path.GetFileName(path));
            Directory.Move(path, removed);
            Directory.Delete(removed, recursive: true);
        }

        return old;
    }
}
