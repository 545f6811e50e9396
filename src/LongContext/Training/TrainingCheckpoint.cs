using System.Globalization;
using System.Text.Json;
using LongContext.Checkpoints;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext.Training;

/// <summary>
/// A run's state on disk: <c>checkpoint-000120/</c> is a Hugging Face folder with optimizer.safetensors, data_state.safetensors,
/// random_state.safetensors and trainer_state.json beside the weights, and manifest.json with the sizes and checksums of all. It is
/// written under a temporary name and renamed when whole.
/// </summary>
/// <remarks>One folder is for one run at a time.</remarks>
public static partial class TrainingCheckpoint
{
    private const string Prefix = "checkpoint-";
    private const string PartialPrefix = ".partial-";
    private const string ReplacedSuffix = ".replaced";
    private const string OptimizerFile = "optimizer.safetensors";
    private const string DataFile = "data_state.safetensors";
    private const string RandomFile = "random_state.safetensors";
    private const string StateFile = "trainer_state.json";

    /// <summary>
    /// The whole checkpoint with the highest step in a folder, or null when there is none of any kind. Whether it is whole is told by
    /// the manifest's names and sizes; <see cref="LongContextTrainer.Resume"/> compares the checksums too.
    /// </summary>
    /// <param name="folder">The <see cref="TrainerOptions.CheckpointFolder"/>; need not exist.</param>
    /// <param name="logger">Warned of each torn checkpoint that is passed over; null for nobody.</param>
    /// <exception cref="CheckpointFormatException">There are checkpoints, but none is whole; the message says what is wrong with each.</exception>
    public static string? FindLatest(string folder, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return FindWhole(folder, checksums: false, logger, out _);
    }

    /// <summary>The whole checkpoint with the lowest metric (of equal ones the latest), or null where none has a metric.</summary>
    /// <param name="folder">The <see cref="TrainerOptions.CheckpointFolder"/>; need not exist.</param>
    public static string? FindBest(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        BringBackWhereFree(folder);
        return Best(List(folder).Where(checkpoint => FolderManifest.FindFault(checkpoint.Path, checksums: false) is null));
    }

    /// <summary>Compares every file of a checkpoint with its manifest: names, sizes and checksums.</summary>
    /// <param name="checkpointFolder">The checkpoint.</param>
    /// <exception cref="CheckpointFormatException">Something is missing, torn or damaged; the message names the first such file.</exception>
    public static void Verify(string checkpointFolder)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpointFolder);
        if (FolderManifest.FindFault(checkpointFolder, checksums: true) is { } fault)
            throw new CheckpointFormatException($"{fault}: the checkpoint {checkpointFolder} is torn or damaged.");
    }

    /// <summary>As <see cref="FindLatest"/>; with checksums each file of the checkpoints looked at is read through.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="checksums">Whether files are read through.</param>
    /// <param name="logger">Warned of what is passed over; null for nobody.</param>
    /// <param name="passedOver">Later ones, which are not whole.</param>
    internal static string? FindWhole(string folder, bool checksums, ILogger? logger, out List<string> passedOver)
    {
        BringBackWhereFree(folder);
        List<string> faults = [];
        passedOver = [];
        foreach ((_, string path) in Enumerable.Reverse(List(folder)))
        {
            if (FolderManifest.FindFault(path, checksums) is not { } fault)
            {
                foreach (string torn in faults) LogTorn(logger ?? NullLogger.Instance, torn, path);
                return path;
            }

            faults.Add(fault);
            passedOver.Add(path);
        }

        return faults.Count == 0 ? null
            : throw new CheckpointFormatException($"None of the {faults.Count} checkpoint(s) in {folder} is whole: {string.Join("; ", faults)}.");
    }

    /// <summary>The latest whole checkpoint of a later step; null where there is none.</summary>
    /// <param name="folder">The run's folder, which it holds.</param>
    /// <param name="step">The step.</param>
    /// <param name="damaged">Those found damaged before: they are read through again, since somebody may have written them anew.</param>
    internal static string? FindLater(string folder, int step, IReadOnlyList<string> damaged) => List(folder)
        .LastOrDefault(checkpoint => checkpoint.Step > step && FolderManifest.FindFault(checkpoint.Path, checksums: damaged.Contains(checkpoint.Path)) is null).Path;

    /// <summary>All checkpoints of later steps, whole or not.</summary>
    internal static List<string> ListAbove(string folder, int step) => [.. List(folder).Where(checkpoint => checkpoint.Step > step).Select(checkpoint => checkpoint.Path)];

    /// <summary>Removes what saves have left behind that a process's death ended.</summary>
    internal static void RemoveLeftovers(string folder)
    {
        BringBackReplaced(folder);
        if (!Directory.Exists(folder)) return;
        foreach (string leftover in Directory.GetDirectories(folder, PartialPrefix + "*")) Directory.Delete(leftover, recursive: true);
    }

    /// <summary>For who only reads: what a run that goes on has put aside is that run's, and comes back or is replaced at once.</summary>
    private static void BringBackWhereFree(string folder)
    {
        if (!Directory.Exists(folder) || !Directory.EnumerateDirectories(folder, PartialPrefix + "*" + ReplacedSuffix).Any()) return;
        try
        {
            using CheckpointFolderLock held = CheckpointFolderLock.Take(folder);
            BringBackReplaced(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A run has it, or it cannot be written to: what else is there is found all the same.
        }
    }

    /// <summary>A process that died between the two renames of a save left the earlier checkpoint aside.</summary>
    private static void BringBackReplaced(string folder)
    {
        if (!Directory.Exists(folder)) return;
        foreach (string aside in Directory.GetDirectories(folder, PartialPrefix + "*" + ReplacedSuffix))
        {
            string final = Path.Combine(folder, Path.GetFileName(aside)[PartialPrefix.Length..^ReplacedSuffix.Length]);
            if (!Directory.Exists(final)) Directory.Move(aside, final);
        }
    }

    private static string? Best(IEnumerable<(int Step, string Path)> checkpoints) => checkpoints
        .Select(checkpoint => (checkpoint.Step, checkpoint.Path, Metric: Metric(checkpoint.Path)))
        .Where(checkpoint => checkpoint.Metric is { } metric && !double.IsNaN(metric))
        .OrderBy(checkpoint => checkpoint.Metric).ThenByDescending(checkpoint => checkpoint.Step)
        .FirstOrDefault().Path;

    private static double? Metric(string checkpoint)
    {
        try
        {
            return ReadState(Path.Combine(checkpoint, StateFile)).Metric;
        }
        catch (CheckpointFormatException)
        {
            // Damaged since: it is not the best then, and whoever resumes from it is told.
            return null;
        }
    }

    private static TrainerState ReadState(string path)
    {
        if (!File.Exists(path)) throw new CheckpointFormatException($"{path} is missing: the folder is not a training checkpoint, or not a whole one.");
        try
        {
            TrainerState? state = JsonSerializer.Deserialize(File.ReadAllText(path), TrainerStateContext.Default.TrainerState);
            if (state is not { FormatVersion: TrainerState.CurrentVersion, Step: >= 0, OptimizerUpdates: >= 0, GradientAccumulationSteps: >= 1, Packs: >= 0 })
                throw new CheckpointFormatException($"{path}: expected format version {TrainerState.CurrentVersion} and counts that are not negative, found {state}.");
            if (state.Optimizer is { Name: null } or { Settings: null }) throw new CheckpointFormatException($"{path}: optimizer has no name or no settings.");
            if (state.Guard?.Fault() is { } fault) throw new CheckpointFormatException($"{path}: {fault}.");
            return state;
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException($"{path} is not the JSON of a trainer's state: {e.Message}", e);
        }
    }

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

    [LoggerMessage(EventId = 217, Level = LogLevel.Warning, Message = "A checkpoint is torn or damaged ({Fault}); the one before, {Used}, is used.")]
    private static partial void LogTorn(ILogger logger, string fault, string used);
}
