using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>Writes the weights of a Hugging Face folder: one safetensors file, or shards and their index.</summary>
public static class CheckpointWriter
{
    /// <summary>
    /// Writes the weights. Every file is complete on disk before the first takes its place, and files of an earlier save
    /// that are not part of this one go last, so that a failure leaves the earlier weights whole. An old shard that cannot be removed, because another process has it open, stays.
    /// What a killed process left half written goes first; what another is writing stays.
    /// </summary>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <param name="entries">The tensors, in the order in which they fill the shards.</param>
    /// <param name="maximumShardBytes">
    /// Most bytes of tensors in one file (default 5,000,000,000); a tensor larger than that gets a file of its own.
    /// </param>
    /// <remarks>
    /// Renaming is atomic for each file, not for all of them together: if the machine stops just between the renamings of a
    /// sharded save over one with as many shards, shards of both saves lie side by side.
    /// </remarks>
    /// <exception cref="ArgumentException">Two tensors have one name.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote more or fewer bytes than its shape has.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(string folder, IReadOnlyList<SafetensorsEntry> entries, long maximumShardBytes = 5_000_000_000) => Write(folder, entries, maximumShardBytes, []);

    /// <summary>As above, with files that belong to the weights and take their place right after them.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="entries">The tensors.</param>
    /// <param name="maximumShardBytes">Most bytes of tensors in one file.</param>
    /// <param name="beside">Files that are whole under temporary names; the caller's to dispose of.</param>
    internal static void Write(string folder, IReadOnlyList<SafetensorsEntry> entries, long maximumShardBytes, IReadOnlyList<StagedFile> beside)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(entries);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumShardBytes);
        SafetensorsWriter.RequireDistinctNames(entries);
        Directory.CreateDirectory(folder);
        HashSet<string> kept;
        // A killed save may have had another number of shards, whose names this one does not write.
        using (StagedSave save = new(folder, name => name is CheckpointFiles.Single or CheckpointFiles.Index || CheckpointFiles.IsShard(name)))
        {
            StageAll(Split(entries, maximumShardBytes), save);

            // The index comes last: until then the folder's reader sees the earlier save.
            save.Commit();
            kept = [.. save.Files.Select(file => Path.GetFileName(file.TargetPath))];
        }

        RemoveStale(folder, kept);
        foreach (StagedFile file in beside) file.Commit();
        RemoveShards(folder, kept);
    }

    private static List<List<SafetensorsEntry>> Split(IReadOnlyList<SafetensorsEntry> entries, long maximumShardBytes)
    {
        List<List<SafetensorsEntry>> shards = [[]];
        long bytes = 0;
        foreach (SafetensorsEntry entry in entries)
        {
            if (shards[^1].Count > 0 && entry.ByteLength > maximumShardBytes - bytes)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(entry);
            bytes += entry.ByteLength;
        }

        return shards;
    }

    private static void StageAll(List<List<SafetensorsEntry>> shards, StagedSave save)
    {
        if (shards.Count == 1)
        {
            save.Add(CheckpointFiles.Single, SafetensorsWriter.Content(shards[0]));
            return;
        }

        SortedDictionary<string, string> weightMap = new(StringComparer.Ordinal);
        for (int number = 1; number <= shards.Count; number++)
        {
            string name = CheckpointFiles.Shard(number, shards.Count);
            save.Add(name, SafetensorsWriter.Content(shards[number - 1]));
            foreach (SafetensorsEntry entry in shards[number - 1]) weightMap.Add(entry.Name, name);
        }

        JsonObject index = new()
        {
            ["metadata"] = new JsonObject { ["total_size"] = shards.Sum(shard => shard.Sum(entry => entry.ByteLength)) },
            ["weight_map"] = new JsonObject(weightMap.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        };
        save.Add(CheckpointFiles.Index, stream => stream.Write(CheckpointJson.ToUtf8(index)));
    }

    /// <summary>
    /// Only names that this class gives are ever removed, and the single file, which readers prefer, goes after the index
    /// of the sharded save that replaces it is in place.
    /// </summary>
    private static void RemoveStale(string folder, HashSet<string> kept)
    {
        foreach (string name in new[] { CheckpointFiles.Single, CheckpointFiles.Index }.Where(name => !kept.Contains(name)))
        {
            File.Delete(Path.Combine(folder, name));
        }
    }

    /// <summary>Shards of an earlier save, which no index names any more. One that another process has open, and that the system therefore keeps, is no failure of this save.</summary>
    private static void RemoveShards(string folder, HashSet<string> kept)
    {
        foreach (string name in Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Where(name => CheckpointFiles.IsShard(name) && !kept.Contains(name)))
        {
            try
            {
                File.Delete(Path.Combine(folder, name));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Left behind: it takes room and changes nothing.
            }
        }
    }
}
