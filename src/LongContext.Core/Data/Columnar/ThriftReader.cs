using System.Text;

namespace LongContext.Data.Columnar;

/// <summary>Thrift's compact protocol, in which Parquet's footer and page headers are written; every length is checked before anything is allocated.</summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    public const int True = 1, False = 2, Byte = 3, I16 = 4, I32 = 5, I64 = 6, Double = 7, Binary = 8, List = 9, Set = 10, Map = 11, Struct = 12;
    private const int MaximumDepth = 32;

    private readonly ReadOnlySpan<byte> bytes = bytes;

    /// <summary>Bytes read.</summary>
    public int Position { get; private set; }

    /// <summary>The next field of a struct; false at its end.</summary>
    /// <param name="id">The last field's id, 0 before the first; becomes this one's.</param>
    /// <param name="type">Its type.</param>
    public bool TryReadField(ref int id, out int type)
    {
        int header = ReadByte();
        type = header & 15;
        if (header == 0) return false;
        int step = header >> 4;
        id = step == 0 ? (int)ReadInteger() : id + step;
        return true;
    }

    /// <summary>A whole number, of 16, 32 or 64 bits.</summary>
    public long ReadInteger()
    {
        ulong value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int ReadInt32()
    {
        long value = ReadInteger();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new ParquetFault($"a number is {value}, expected one of 32 bits");
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            int next = ReadByte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }

        throw new ParquetFault("a number has more than 64 bits");
    }

    public int ReadByte()
    {
        if (Position >= bytes.Length) throw new ParquetFault("it ends too soon") { IsTruncation = true };
        return bytes[Position++];
    }

    public string ReadText() => Encoding.UTF8.GetString(Take(ReadVarint()));

    /// <summary>Begins a list: each element takes at least a byte, so a length beyond what is left is a fault.</summary>
    public int ReadListHeader(out int type)
    {
        int header = ReadByte();
        type = header & 15;
        ulong count = header >> 4 == 15 ? ReadVarint() : (ulong)(header >> 4);
        if (count > (ulong)(bytes.Length - Position))
            throw new ParquetFault($"a list says it has {count} elements, but {bytes.Length - Position} bytes are left") { IsTruncation = true };
        return (int)count;
    }

    /// <summary>Passes a value over.</summary>
    public void Skip(int type, int depth = 0)
    {
        if (depth > MaximumDepth) throw new ParquetFault($"structures lie more than {MaximumDepth} deep in each other");
        switch (type)
        {
            case True or False:
                break;
            case Byte:
                ReadByte();
                break;
            case I16 or I32 or I64:
                ReadVarint();
                break;
            case Double:
                Take(8);
                break;
            case Binary:
                Take(ReadVarint());
                break;
            case List or Set:
                int count = ReadListHeader(out int element);
                for (int i = 0; i < count; i++) SkipElement(element, depth);
                break;
            case Map:
                SkipMap(depth);
                break;
            case Struct:
                for (int id = 0; TryReadField(ref id, out int field);) Skip(field, depth + 1);
                break;
            default:
                throw new ParquetFault($"a field is of the type {type}, which there is not");
        }
    }

    private void SkipMap(int depth)
    {
        ulong count = ReadVarint();
        if (count == 0) return;
        if (count > (ulong)(bytes.Length - Position)) throw new ParquetFault($"a map says it has {count} entries") { IsTruncation = true };
        int types = ReadByte();
        for (ulong i = 0; i < count; i++)
        {
            SkipElement(types >> 4, depth);
            SkipElement(types & 15, depth);
        }
    }

    /// <summary>In lists and maps a truth value is a byte; as a field it is part of the header.</summary>
    private void SkipElement(int type, int depth)
    {
        if (type is True or False) ReadByte();
        else Skip(type, depth + 1);
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)(bytes.Length - Position))
            throw new ParquetFault($"it ends too soon: {length} bytes expected, {bytes.Length - Position} are left") { IsTruncation = true };
        ReadOnlySpan<byte> taken = bytes.Slice(Position, (int)length);
        Position += (int)length;
        return taken;
    }
}
