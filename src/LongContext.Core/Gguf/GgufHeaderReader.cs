using System.Buffers.Binary;
using System.Text;
using LongContext.Checkpoints;

namespace LongContext.Gguf;

/// <summary>
/// Reads a header that nobody vouches for: every length is held against what is left of the file before anything is made of that
/// size, and every tensor against the file's end.
/// </summary>
internal sealed class GgufHeaderReader
{
    private const int LeastTensorBytes = 8 + 4 + 8 + 4 + 8;
    private const int LeastValueBytes = 8 + 4 + 1;
    private const int LeastArrayBytes = 4 + 8;
    private const int DeepestArray = 16;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    private readonly string path;
    private readonly Stream stream;
    private readonly long length;
    private readonly byte[] small = new byte[8];
    private long position;

    public GgufHeaderReader(string path, Stream stream)
    {
        (this.path, this.stream) = (path, stream);
        length = stream.Length;
    }

    public GgufFile Read()
    {
        if (length < 24) throw Fault($"the file has {length} bytes, expected at least 24: a GGUF file begins with its counts");
        if (!Bytes(4).SequenceEqual(GgufWriter.Magic)) throw Fault("the file does not begin with 'GGUF'");
        uint version = Number32();
        if (version is not (2 or 3))
            throw Fault($"the version is {version}, expected 2 or 3" + ((version & 0xFFFF) == 0 ? " (is the file big endian?)" : ""));
        long tensorCount = Count(LeastTensorBytes, "tensors"), valueCount = Count(LeastValueBytes, "metadata values");
        GgufMetadata metadata = ReadMetadata(valueCount);
        long alignment = 32;
        if (metadata.TryGetValue(GgufMetadata.AlignmentKey, out object? given))
        {
            alignment = given is uint number and > 0 and <= 1 << 20 && number % 8 == 0
                ? number
                : throw Fault($"'{GgufMetadata.AlignmentKey}' is {given}, expected a multiple of 8 of at most {1 << 20}");
        }

        List<GgufTensorInfo> tensors = ReadTensors(tensorCount, alignment);
        long dataStart = GgufWriter.Align(position, alignment);
        foreach (GgufTensorInfo tensor in tensors)
        {
            long end = checked(dataStart + tensor.Offset);
            if (end > length || (tensor.ByteLength is { } bytes && bytes > length - end))
                throw Fault($"tensor '{tensor.Name}' would end beyond the file's {length} bytes (is it truncated?)");
        }

        return new GgufFile(path, (int)version, metadata, tensors, dataStart);
    }

    private GgufMetadata ReadMetadata(long count)
    {
        var metadata = new GgufMetadata();
        for (long i = 0; i < count; i++)
        {
            string key = Text("a metadata key");
            if (metadata.ContainsKey(key)) throw Fault($"metadata '{key}' is there twice");
            // Other programs' files may have what no reader of ours asks for; that is no reason to read none of them.
            if (!GgufMetadata.IsKey(key)) Pass((GgufValueType)Number32(), key[..Math.Min(key.Length, 80)], depth: 0);
            else if (Value(key) is { } value) metadata.Set(key, value);
        }

        return metadata;
    }

    private List<GgufTensorInfo> ReadTensors(long count, long alignment)
    {
        var tensors = new List<GgufTensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (long i = 0; i < count; i++)
        {
            string name = Text("a tensor's name");
            if (!names.Add(name)) throw Fault($"tensor '{name}' is there twice");
            uint dimensions = Number32();
            if (dimensions is 0 or > 4) throw Fault($"tensor '{name}' has {dimensions} dimensions, expected 1 to 4");
            long[] shape = new long[dimensions];
            for (int d = shape.Length - 1; d >= 0; d--) shape[d] = (long)Math.Min(Number64(), long.MaxValue);
            var type = (GgufTensorType)Number32();
            ulong offset = Number64();
            long? bytes = null;
            if (type.IsKnown() && !type.TryGetByteLength(shape, out bytes))
                throw Fault($"tensor '{name}' has shape {GgufTensorTypes.ToText(shape)}, which {type} cannot have");
            if (offset > (ulong)length || (long)offset % alignment != 0)
                throw Fault($"tensor '{name}' begins at {offset}, expected a multiple of {alignment} within the file's {length} bytes");
            tensors.Add(new GgufTensorInfo(name, type, shape, (long)offset, bytes));
        }

        return tensors;
    }

    /// <summary>Null for an array of arrays, which is passed.</summary>
    private object? Value(string key)
    {
        var type = (GgufValueType)Number32();
        if (type != GgufValueType.Array) return Single(type, key);
        var element = (GgufValueType)Number32();
        if (element != GgufValueType.Array) return ArrayOf(element, key);
        PassElements(element, key, depth: 1);
        return null;
    }

    private Array ArrayOf(GgufValueType type, string key)
    {
        return type switch
        {
            GgufValueType.UInt8 => Many<byte>(),
            GgufValueType.Int8 => Many<sbyte>(),
            GgufValueType.UInt16 => Many<ushort>(),
            GgufValueType.Int16 => Many<short>(),
            GgufValueType.UInt32 => Many<uint>(),
            GgufValueType.Int32 => Many<int>(),
            GgufValueType.Float32 => Many<float>(),
            GgufValueType.Boolean => Many<bool>(),
            GgufValueType.Text => Many<string>(),
            GgufValueType.UInt64 => Many<ulong>(),
            GgufValueType.Int64 => Many<long>(),
            GgufValueType.Float64 => Many<double>(),
            _ => throw Fault($"metadata '{key}' is an array of type {(uint)type}, expected one of numbers, flags or texts"),
        };

        T[] Many<T>()
        {
            long count = Count(GgufValueTypes.MinimumBytes(type), $"elements of '{key}'");
            if (count > Array.MaxLength) throw Fault($"metadata '{key}' has {count} elements, more than an array can hold");
            var values = new T[count];
            for (int i = 0; i < values.Length; i++) values[i] = (T)Single(type, key);
            return values;
        }
    }

    /// <summary>Passes a value that is not kept.</summary>
    private void Pass(GgufValueType type, string key, int depth)
    {
        if (type > GgufValueType.Float64) throw Fault($"metadata '{key}' is of type {(uint)type}, expected 0 to 12");
        if (type == GgufValueType.Array) PassElements((GgufValueType)Number32(), key, depth + 1);
        else Skip(type == GgufValueType.Text ? Count(1, $"bytes of '{key}'") : GgufValueTypes.MinimumBytes(type));
    }

    private void PassElements(GgufValueType type, string key, int depth)
    {
        if (type > GgufValueType.Float64) throw Fault($"metadata '{key}' is an array of type {(uint)type}, expected 0 to 12");
        if (depth > DeepestArray) throw Fault($"metadata '{key}' has arrays in arrays, more than {DeepestArray} deep");
        int least = type == GgufValueType.Array ? LeastArrayBytes : GgufValueTypes.MinimumBytes(type);
        long count = Count(least, $"elements of '{key}'");
        if (type is GgufValueType.Array or GgufValueType.Text)
        {
            for (long i = 0; i < count; i++) Pass(type, key, depth);
        }
        else
        {
            Skip(count * least);
        }
    }

    private object Single(GgufValueType type, string key) => type switch
    {
        GgufValueType.UInt8 => Bytes(1)[0],
        GgufValueType.Int8 => (sbyte)Bytes(1)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Bytes(2)),
        GgufValueType.UInt32 => Number32(),
        GgufValueType.Int32 => (int)Number32(),
        GgufValueType.Float32 => BitConverter.UInt32BitsToSingle(Number32()),
        GgufValueType.Boolean => Bytes(1)[0] != 0,
        GgufValueType.Text => Text($"'{key}'"),
        GgufValueType.UInt64 => Number64(),
        GgufValueType.Int64 => (long)Number64(),
        GgufValueType.Float64 => BitConverter.UInt64BitsToDouble(Number64()),
        _ => throw Fault($"metadata '{key}' is of type {(uint)type}, expected 0 to 12"),
    };

    private string Text(string what)
    {
        long count = Count(1, $"bytes of {what}");
        if (count > Array.MaxLength / 2) throw Fault($"{what} has {count} bytes, more than a text can hold");
        byte[] bytes = new byte[count];
        Fill(bytes);
        return Utf8.GetString(bytes);
    }

    /// <summary>A count of things of at least so many bytes each, all of which must fit in the rest of the file.</summary>
    private long Count(int leastBytes, string what)
    {
        ulong count = Number64();
        if (count > (ulong)((length - position) / leastBytes))
            throw Fault($"there would be {count} {what}, more than the remaining {length - position} bytes can hold (is the file truncated?)");
        return (long)count;
    }

    private uint Number32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    private ulong Number64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    private ReadOnlySpan<byte> Bytes(int count)
    {
        Span<byte> target = small.AsSpan(0, count);
        Fill(target);
        return target;
    }

    private void Skip(long bytes)
    {
        if (bytes > length - position) throw Fault($"the file ends within its header, at byte {length}");
        stream.Seek(bytes, SeekOrigin.Current);
        position += bytes;
    }

    private void Fill(Span<byte> target)
    {
        if (stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw Fault($"the file ends within its header, at byte {length}");
        position += target.Length;
    }

    private CheckpointFormatException Fault(string what) => new($"{path}: {what}.");
}
