using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LongContext.Checkpoints;

/// <summary>Writes safetensors files.</summary>
public static class SafetensorsWriter
{
    private static readonly Dictionary<string, string> PyTorchMetadata = new() { ["format"] = "pt" };

    /// <summary>
    /// Writes a file. It takes its place only once it is complete on disk: when anything fails, an older file of that name
    /// is still whole and nothing else remains.
    /// </summary>
    /// <param name="path">The file to make or replace; its folder must exist.</param>
    /// <param name="entries">
    /// The tensors. In the file they are ordered by element size, largest first, then by name, which aligns each to its
    /// element size and is the order other writers of the format use.
    /// </param>
    /// <param name="metadata">
    /// Free text for the header; by default <c>format: pt</c>, which transformers asks for. An empty dictionary writes none.
    /// </param>
    /// <exception cref="ArgumentException">Two tensors have one name, or the header would exceed the format's limit.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote more or fewer bytes than its shape has.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using StagedFile staged = Stage(path, entries, metadata);
        staged.Commit();
    }

    /// <summary>Writes the file under a temporary name; the caller commits it.</summary>
    internal static StagedFile Stage(
        string path, IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return AtomicFile.Stage(path, Content(entries, metadata));
    }

    /// <summary>What writes a file's content.</summary>
    internal static Action<Stream> Content(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(entries);
        RequireDistinctNames(entries);
        SafetensorsEntry[] ordered =
            [.. entries.OrderByDescending(entry => entry.DataType.ByteSize()).ThenBy(entry => entry.Name, StringComparer.Ordinal)];
        byte[] header = BuildHeader(ordered, metadata ?? PyTorchMetadata);
        return stream =>
        {
            stream.Write(header);
            foreach (SafetensorsEntry entry in ordered)
            {
                ExactLengthStream exact = new(stream, entry);
                entry.WriteTo(exact);
                exact.Complete();
            }
        };
    }

    internal static void RequireDistinctNames(IReadOnlyList<SafetensorsEntry> entries)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (SafetensorsEntry entry in entries)
        {
            ArgumentNullException.ThrowIfNull(entry, nameof(entries));
            if (!names.Add(entry.Name)) throw new ArgumentException($"Tensor '{entry.Name}' is given twice.", nameof(entries));
        }
    }

    /// <summary>Length and JSON, padded with spaces so that the data begins at a multiple of 8.</summary>
    private static byte[] BuildHeader(SafetensorsEntry[] entries, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream stream = new();
        stream.Write(new byte[8]);
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            long offset = 0;
            foreach (SafetensorsEntry entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.DataType.SafetensorsName());
                json.WriteStartArray("shape");
                foreach (long size in entry.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset = checked(offset + entry.ByteLength));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (stream.Length % 8 != 0) stream.WriteByte((byte)' ');
        byte[] header = stream.ToArray();
        long headerBytes = header.Length - 8;
        if (headerBytes > SafetensorsHeader.MaximumBytes)
        {
            throw new ArgumentException(
                $"The header of {entries.Length} tensors would have {headerBytes} bytes, "
                + $"the format allows {SafetensorsHeader.MaximumBytes}.",
                nameof(entries));
        }

        BinaryPrimitives.WriteInt64LittleEndian(header, headerBytes);
        return header;
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count == 0) return;
        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }
}
