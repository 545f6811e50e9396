using LongContext.Checkpoints;

namespace LongContext.Gguf;

/// <summary>
/// A GGUF file as its header describes it, for a look at what was written. The header is checked in full when the file is opened, so
/// that no later access can leave the file; tensors are read when asked for. Holds no file open. Immutable.
/// </summary>
public sealed class GgufFile
{
    private readonly Dictionary<string, GgufTensorInfo> byName;
    private readonly long dataStart;

    internal GgufFile(string path, int version, GgufMetadata metadata, IReadOnlyList<GgufTensorInfo> tensors, long dataStart)
    {
        (Path, Version, Metadata, Tensors) = (path, version, metadata, tensors);
        this.dataStart = dataStart;
        byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The file, as it was named when opened.</summary>
    public string Path { get; }

    /// <summary>The format's version, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>The metadata, in the file's order.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors, in the file's order.</summary>
    public IReadOnlyList<GgufTensorInfo> Tensors { get; }

    /// <summary>Name, version and numbers of fields and tensors.</summary>
    public override string ToString() => $"{Path}: GGUF version {Version}, {Metadata.Count} fields, {Tensors.Count} tensors";

    /// <summary>Opens a file and checks its header against its length.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointFormatException">The file is not a sound GGUF file of version 2 or 3, little endian.</exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new CheckpointFormatException($"{path}: found a folder, expected a GGUF file.");
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16);
        return new GgufHeaderReader(path, stream).Read();
    }

    /// <summary>Whether the file has a tensor of that name.</summary>
    /// <param name="name">The tensor's name.</param>
    public bool Contains(string name) => byName.ContainsKey(name);

    /// <summary>What a tensor is.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointFormatException">The file has no tensor of that name.</exception>
    public GgufTensorInfo Find(string name) => byName.TryGetValue(name, out GgufTensorInfo? info)
        ? info
        : throw new CheckpointFormatException($"{Path}: there is no tensor '{name}' among the file's {Tensors.Count}.");

    /// <summary>A tensor's bytes.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointFormatException">The file has no tensor of that name, or was shortened since it was opened.</exception>
    /// <exception cref="NotSupportedException">The tensor is of a type that is not decoded, or larger than an array can be (2 GiB).</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[] ReadBytes(string name)
    {
        GgufTensorInfo info = Find(name);
        if (info.ByteLength is not { } length)
            throw new NotSupportedException($"{Path}: tensor '{name}' is of type {(int)info.Type}, which is not decoded.");
        if (length > Array.MaxLength) throw new NotSupportedException($"{Path}: tensor '{name}' has {length} bytes, more than an array can hold.");
        using FileStream stream = new(Path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        byte[] bytes = new byte[length];
        stream.Position = dataStart + info.Offset;
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new CheckpointFormatException($"{Path}: the file ends within tensor '{name}'; it was longer when it was opened.");
        return bytes;
    }

    /// <summary>A tensor's values, dequantised, row major.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <exception cref="CheckpointFormatException">The file has no tensor of that name, or was shortened since it was opened.</exception>
    /// <exception cref="NotSupportedException">The tensor is of a type that is not decoded, or larger than an array can be.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public float[] ReadSingles(string name)
    {
        byte[] bytes = ReadBytes(name);
        GgufTensorType type = Find(name).Type;
        long count = (long)bytes.Length / type.BlockBytes() * type.BlockElements();
        if (count > Array.MaxLength) throw new NotSupportedException($"{Path}: tensor '{name}' has {count} values, more than an array can hold.");
        float[] values = new float[count];
        GgufElements.Decode(type, bytes, values);
        return values;
    }
}
