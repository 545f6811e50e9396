using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace LongContext.Benchmarks.Baselines;

/// <summary>The format read in the shortest way, trusting the file: length, JSON header, then float32 tensors by offset.</summary>
internal static class PlainSafetensors
{
    public static List<(string Name, long[] Shape, long Begin, long End)> ReadHeader(Stream stream)
    {
        Span<byte> length = stackalloc byte[8];
        stream.ReadExactly(length);
        var header = new byte[BinaryPrimitives.ReadInt64LittleEndian(length)];
        stream.ReadExactly(header);
        var tensors = new List<(string, long[], long, long)>();
        using JsonDocument json = JsonDocument.Parse(header);
        foreach (JsonProperty entry in json.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__") continue;
            long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
            JsonElement offsets = entry.Value.GetProperty("data_offsets");
            tensors.Add((entry.Name, shape, offsets[0].GetInt64(), offsets[1].GetInt64()));
        }

        return tensors;
    }

    public static IEnumerable<float[]> ReadAll(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        List<(string Name, long[] Shape, long Begin, long End)> tensors = ReadHeader(stream);
        long data = stream.Position;
        foreach ((_, _, long begin, long end) in tensors)
        {
            var values = new float[(end - begin) / sizeof(float)];
            stream.Position = data + begin;
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            yield return values;
        }
    }
}
