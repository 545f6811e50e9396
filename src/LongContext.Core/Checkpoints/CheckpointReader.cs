using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>
/// The weights of a Hugging Face folder: <c>model.safetensors</c>, or the shards that
/// <c>model.safetensors.index.json</c> lists. All files are mapped and checked when opened; nothing outside the folder is
/// ever looked for.
/// </summary>
public sealed class CheckpointReader : IDisposable
{
    /// <summary>An index is names; no real one comes near this.</summary>
    private const long MaximumIndexBytes = 100_000_000;

    private readonly Dictionary<string, SafetensorsFile> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> _fileOfTensor = new(StringComparer.Ordinal);

    private CheckpointReader(string folder) => Folder = folder;

    /// <summary>The folder, as it was named when opened.</summary>
    public string Folder { get; }

    /// <summary>The names of all tensors.</summary>
    public IReadOnlyCollection<string> TensorNames => _fileOfTensor.Keys;

    /// <summary>Opens a folder's weights.</summary>
    /// <param name="folder">A folder with <c>model.safetensors</c> or an index; the single file wins, as in transformers.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="CheckpointFormatException">
    /// The folder has no weights in safetensors, a file is damaged, or the index names a shard outside the folder, a shard
    /// that is missing, or a tensor that its shard lacks.
    /// </exception>
    public static CheckpointReader Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder '{folder}'.");
        CheckpointReader reader = new(folder);
        try
        {
            if (File.Exists(Path.Combine(folder, CheckpointFiles.Single))) reader.OpenSingle();
            else if (File.Exists(Path.Combine(folder, CheckpointFiles.Index))) reader.OpenSharded();
            else throw new CheckpointFormatException($"{folder}: found neither {CheckpointFiles.Single} nor {CheckpointFiles.Index}.");
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="file">The file that holds it, valid until this reader is disposed.</param>
    /// <param name="info">Its type, shape and place.</param>
    /// <returns>Whether the checkpoint has the tensor.</returns>
    public bool TryFind(string name, [NotNullWhen(true)] out SafetensorsFile? file, [NotNullWhen(true)] out TensorInfo? info)
    {
        ArgumentNullException.ThrowIfNull(name);
        info = null;
        return _fileOfTensor.TryGetValue(name, out file) && file.Tensors.TryGetValue(name, out info);
    }

    /// <summary>Unmaps all files.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files.Values) file.Dispose();
        _files.Clear();
        _fileOfTensor.Clear();
    }

    private void OpenSingle()
    {
        SafetensorsFile file = OpenFile(CheckpointFiles.Single);
        foreach (string name in file.Tensors.Keys) _fileOfTensor.Add(name, file);
    }

    private void OpenSharded()
    {
        string path = Path.Combine(Folder, CheckpointFiles.Index);
        JsonObject index = CheckpointJson.ReadObject(path, MaximumIndexBytes);
        if (index["weight_map"] is not JsonObject weightMap)
        {
            throw new CheckpointFormatException($"{path}: 'weight_map' must be an object that gives each tensor its file.");
        }

        foreach ((string tensor, JsonNode? value) in weightMap)
        {
            string shard = RequireFileName(path, tensor, value);
            if (!_files.TryGetValue(shard, out SafetensorsFile? file))
            {
                if (!File.Exists(Path.Combine(Folder, shard)))
                {
                    throw new CheckpointFormatException($"{path}: tensor '{tensor}' is said to be in '{shard}', which is not in the folder.");
                }

                file = OpenFile(shard);
            }

            if (!file.Tensors.ContainsKey(tensor))
            {
                throw new CheckpointFormatException($"{path}: tensor '{tensor}' is said to be in '{shard}', which does not hold it.");
            }

            _fileOfTensor.Add(tensor, file);
        }
    }

    private SafetensorsFile OpenFile(string name)
    {
        SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, name));
        _files.Add(name, file);
        return file;
    }

    /// <summary>A shard lies in the folder itself: a path of any kind is refused, on every system's reading of it.</summary>
    private static string RequireFileName(string path, string tensor, JsonNode? value)
    {
        if (value is JsonValue text && text.TryGetValue(out string? name)
            && name.Length > 0 && name is not ("." or "..") && name.IndexOfAny(['/', '\\', ':', '\0']) < 0)
        {
            return name;
        }

        throw new CheckpointFormatException(
            $"{path}: tensor '{tensor}' is said to be in {value?.ToJsonString() ?? "null"}, expected the name of a file in the same folder.");
    }
}
