using System.Text;
using LongContext.Checkpoints;

namespace LongContext.Gguf;

/// <summary>Writes GGUF files, version 3, little endian: the form that llama.cpp and what is built on it load.</summary>
/// <remarks>
/// The layout is described in the ggml project's docs/gguf.md: header, metadata, tensor table, then tensors at multiples of the alignment.
/// </remarks>
public static class GgufWriter
{
    /// <summary>Bytes to whose multiples tensors are aligned.</summary>
    internal const int Alignment = 32;

    internal const uint Version = 3;

    private const int BufferBytes = 1 << 20;

    internal static ReadOnlySpan<byte> Magic => "GGUF"u8;

    /// <summary>
    /// Writes a file. It takes its place only once it is complete on disk: when anything fails, an older file of that name is still
    /// whole and nothing else remains.
    /// </summary>
    /// <param name="path">The file to make or replace; its folder must exist.</param>
    /// <param name="metadata">The metadata. <c>general.alignment</c>, where it is given, must be 32.</param>
    /// <param name="tensors">The tensors, in the order they take in the file.</param>
    /// <exception cref="ArgumentException">Two tensors have one name, or another alignment is asked for.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote more or fewer bytes than its shape has.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, GgufMetadata metadata, IReadOnlyList<GgufTensorEntry> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        if (metadata.TryGetValue(GgufMetadata.AlignmentKey, out object? alignment) && alignment is not (uint)Alignment)
            throw new ArgumentException($"'{GgufMetadata.AlignmentKey}' is {alignment}, expected {Alignment} (as uint).", nameof(metadata));
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (GgufTensorEntry tensor in tensors)
        {
            if (!names.Add(tensor.Name)) throw new ArgumentException($"Tensor '{tensor.Name}' is given twice.", nameof(tensors));
        }

        AtomicFile.Write(path, stream =>
        {
            long written = WriteHeader(stream, metadata, tensors);
            Pad(stream, written);
            foreach (GgufTensorEntry tensor in tensors) WriteTensor(stream, tensor);
        });
    }

    /// <summary>The least multiple of the alignment that is not below.</summary>
    internal static long Align(long position, long alignment = Alignment) => (position + alignment - 1) / alignment * alignment;

    private static long WriteHeader(Stream stream, GgufMetadata metadata, IReadOnlyList<GgufTensorEntry> tensors)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        long written = 0;
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, object value) in metadata)
        {
            GgufValueWriter.WriteText(writer, key);
            GgufValueWriter.Write(writer, value);
            if (buffer.Length > BufferBytes) Empty();
        }

        long offset = 0;
        foreach (GgufTensorEntry tensor in tensors)
        {
            GgufValueWriter.WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Count);
            foreach (long size in tensor.Shape.Reverse()) writer.Write((ulong)size);
            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset = checked(offset + Align(tensor.ByteLength));
        }

        Empty();
        return written;

        void Empty()
        {
            writer.Flush();
            buffer.WriteTo(stream);
            written += buffer.Length;
            buffer.SetLength(0);
        }
    }

    private static void WriteTensor(Stream stream, GgufTensorEntry tensor)
    {
        string form = $"shape {GgufTensorTypes.ToText(tensor.Shape)} of {tensor.Type}";
        var exact = new ExactLengthStream(stream, tensor.ByteLength, $"Tensor '{tensor.Name}'", form);
        tensor.WriteTo(exact);
        exact.Complete();
        Pad(stream, tensor.ByteLength);
    }

    private static void Pad(Stream stream, long written) => stream.Write(new byte[Align(written) - written]);
}
