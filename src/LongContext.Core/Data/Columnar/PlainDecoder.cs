using System.Buffers.Binary;

namespace LongContext.Data.Columnar;

/// <summary>Values one after the other; byte arrays behind their lengths.</summary>
internal sealed class PlainDecoder(ReadOnlyMemory<byte> bytes, SchemaElement element) : ValueDecoder
{
    private readonly int size = element.Type == PhysicalType.ByteArray ? 0 : SizeOf(element);
    private int at;

    public override RawValue Next()
    {
        int length = size;
        if (length == 0)
        {
            if (bytes.Length - at < 4) throw EndsTooSoon();
            length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[at..]);
            at += 4;
        }

        if (length < 0 || length > bytes.Length - at) throw new ParquetFault($"a value says it has {length} bytes, but {bytes.Length - at} are left in its page");
        ReadOnlyMemory<byte> value = bytes.Slice(at, length);
        at += length;
        return Fixed(value, element.Type);
    }

    /// <summary>The values of a dictionary page.</summary>
    public static RawValue[] ReadDictionary(ReadOnlyMemory<byte> bytes, int count, SchemaElement element)
    {
        if (element.Type == PhysicalType.Boolean) throw new ParquetFault("a column of truth values has a dictionary");
        int least = element.Type == PhysicalType.ByteArray ? 4 : SizeOf(element);
        if (count > bytes.Length / least) throw new ParquetFault($"a dictionary of {bytes.Length} bytes says that it has {count} values");
        PlainDecoder values = new(bytes, element);
        RawValue[] dictionary = new RawValue[count];
        for (int i = 0; i < count; i++) dictionary[i] = values.Next() with { Index = i };
        return dictionary;
    }
}
