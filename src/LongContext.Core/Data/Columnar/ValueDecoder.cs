using System.Buffers.Binary;

namespace LongContext.Data.Columnar;

/// <summary>The values of a page, one at a time.</summary>
internal abstract class ValueDecoder
{
    /// <exception cref="ParquetFault">The page has no further value.</exception>
    public abstract RawValue Next();

    /// <summary>Passes a value over, without making it.</summary>
    /// <exception cref="ParquetFault">The page has no further value.</exception>
    public virtual void Skip() => Next();

    /// <param name="encoding">How the values are written.</param>
    /// <param name="bytes">The page's values.</param>
    /// <param name="most">How many there can be: nulls have none.</param>
    /// <param name="element">The column.</param>
    /// <param name="dictionary">Its dictionary, or null.</param>
    /// <exception cref="ParquetFault">The encoding is not known for the column's type.</exception>
    public static ValueDecoder Create(
        PageEncoding encoding, ReadOnlyMemory<byte> bytes, int most, SchemaElement element, RawValue[]? dictionary) => (encoding, element.Type) switch
    {
        (PageEncoding.Plain, PhysicalType.Boolean) => new PlainBooleans(bytes),
        (PageEncoding.Plain, _) => new PlainDecoder(bytes, element),
        (PageEncoding.PlainDictionary or PageEncoding.RunLengthDictionary, _) =>
            new DictionaryDecoder(bytes, dictionary ?? throw new ParquetFault("a page refers to a dictionary, and there is none")),
        (PageEncoding.RunLength, PhysicalType.Boolean) => new RunLengthBooleans(bytes),
        (PageEncoding.DeltaBinaryPacked, PhysicalType.Int32) => new DeltaIntegers(new DeltaDecoder(bytes, most), is32Bit: true),
        (PageEncoding.DeltaBinaryPacked, PhysicalType.Int64) => new DeltaIntegers(new DeltaDecoder(bytes, most), is32Bit: false),
        (PageEncoding.DeltaLengthByteArray, PhysicalType.ByteArray) => new DeltaLengthDecoder(bytes, most),
        (PageEncoding.DeltaByteArray, PhysicalType.ByteArray or PhysicalType.FixedLengthByteArray) => new DeltaPrefixDecoder(bytes, most),
        (PageEncoding.ByteStreamSplit, not PhysicalType.Boolean and not PhysicalType.ByteArray) => new ByteStreamSplitDecoder(bytes, element),
        _ => throw new ParquetFault($"the encoding {encoding} of values of the type {element.Type} is not supported"),
    };

    /// <summary>Bytes of a value of fixed size.</summary>
    /// <exception cref="ParquetFault">The declared length cannot be.</exception>
    public static int SizeOf(SchemaElement element) => element.Type switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        PhysicalType.Int96 => 12,
        PhysicalType.FixedLengthByteArray when element.TypeLength > 0 => element.TypeLength,
        _ => throw new ParquetFault($"a column of the type {element.Type} says that a value takes {element.TypeLength} bytes"),
    };

    /// <summary>A value of fixed size from its bytes.</summary>
    public static RawValue Fixed(ReadOnlyMemory<byte> bytes, PhysicalType? type) => type switch
    {
        PhysicalType.Int32 or PhysicalType.Float => new RawValue(BinaryPrimitives.ReadInt32LittleEndian(bytes.Span), default),
        PhysicalType.Int64 or PhysicalType.Double => new RawValue(BinaryPrimitives.ReadInt64LittleEndian(bytes.Span), default),
        _ => new RawValue(0, bytes),
    };

    protected static ParquetFault EndsTooSoon() => new("a page has fewer values than it says");

    private sealed class PlainBooleans(ReadOnlyMemory<byte> bytes) : ValueDecoder
    {
        private int next;

        public override RawValue Next()
        {
            if (next >> 3 >= bytes.Length) throw EndsTooSoon();
            int bit = bytes.Span[next >> 3] >> (next & 7) & 1;
            next++;
            return new RawValue(bit, default);
        }
    }

    private sealed class RunLengthBooleans : ValueDecoder
    {
        private readonly RunLengthDecoder values;

        public RunLengthBooleans(ReadOnlyMemory<byte> bytes)
        {
            if (bytes.Length < 4) throw EndsTooSoon();
            values = new RunLengthDecoder(bytes[4..], bitWidth: 1);
        }

        public override RawValue Next() => new(values.Next(), default);
    }

    private sealed class DictionaryDecoder : ValueDecoder
    {
        private readonly RunLengthDecoder indices;
        private readonly RawValue[] dictionary;

        public DictionaryDecoder(ReadOnlyMemory<byte> bytes, RawValue[] dictionary)
        {
            int width = bytes.IsEmpty ? 0 : bytes.Span[0];
            if (width > 32) throw new ParquetFault($"a page's dictionary indices have {width} bits");
            indices = new RunLengthDecoder(bytes.IsEmpty ? bytes : bytes[1..], width);
            this.dictionary = dictionary;
        }

        public override RawValue Next()
        {
            int index = indices.Next();
            return (uint)index < (uint)dictionary.Length ? dictionary[index] : throw new ParquetFault($"a page refers to entry {index} of a dictionary of {dictionary.Length}");
        }
    }

    private sealed class DeltaIntegers(DeltaDecoder values, bool is32Bit) : ValueDecoder
    {
        public override RawValue Next()
        {
            long value = values.Next();
            return new RawValue(is32Bit ? (int)value : value, default);
        }
    }

    private sealed class ByteStreamSplitDecoder : ValueDecoder
    {
        private readonly ReadOnlyMemory<byte> bytes;
        private readonly PhysicalType? type;
        private readonly int size;
        private readonly int count;
        private int next;

        public ByteStreamSplitDecoder(ReadOnlyMemory<byte> bytes, SchemaElement element)
        {
            this.bytes = bytes;
            type = element.Type;
            size = SizeOf(element);
            count = bytes.Length / size;
        }

        public override RawValue Next()
        {
            if (next >= count) throw EndsTooSoon();
            byte[] value = new byte[size];
            for (int i = 0; i < size; i++) value[i] = bytes.Span[(i * count) + next];
            next++;
            return Fixed(value, type);
        }
    }
}
