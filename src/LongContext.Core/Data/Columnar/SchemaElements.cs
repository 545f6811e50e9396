namespace LongContext.Data.Columnar;

/// <summary>Reads one element of the schema, and what its values mean from the logical type or the older converted type.</summary>
internal static class SchemaElements
{
    public static SchemaElement Read(ref ThriftReader reader)
    {
        SchemaElement element = new();
        LogicalKind converted = LogicalKind.None;
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            switch (id, type)
            {
                case (1, ThriftReader.I32): element.Type = RequireType(reader.ReadInt32()); break;
                case (2, ThriftReader.I32): element.TypeLength = reader.ReadInt32(); break;
                case (3, ThriftReader.I32): element.Repetition = RequireRepetition(reader.ReadInt32()); break;
                case (4, ThriftReader.Binary): element.Name = reader.ReadText(); break;
                case (5, ThriftReader.I32): element.Children = reader.ReadInt32(); break;
                case (6, ThriftReader.I32): converted = OfConverted(reader.ReadInt32()); break;
                case (7, ThriftReader.I32): element.Scale = reader.ReadInt32(); break;
                case (10, ThriftReader.Struct): ReadLogical(ref reader, element); break;
                default: reader.Skip(type); break;
            }
        }

        if (element.Kind != LogicalKind.None || converted == LogicalKind.None) return element;
        element.Kind = converted;
        // Converted timestamps are in UTC by definition.
        element.IsUtc = true;
        return element;
    }

    private static PhysicalType RequireType(int value) =>
        Enum.IsDefined((PhysicalType)value) ? (PhysicalType)value : throw new ParquetFault($"a column is of the type {value}, which there is not");

    private static Repetition RequireRepetition(int value) =>
        Enum.IsDefined((Repetition)value) ? (Repetition)value : throw new ParquetFault($"a field's repetition is {value}, which there is not");

    private static LogicalKind OfConverted(int value) => value switch
    {
        0 or 4 or 19 => LogicalKind.Text, // UTF8, ENUM, JSON
        1 or 2 => LogicalKind.Map,
        3 => LogicalKind.List,
        5 => LogicalKind.Decimal,
        6 => LogicalKind.Date,
        7 => LogicalKind.TimeMilliseconds,
        8 => LogicalKind.TimeMicroseconds,
        9 => LogicalKind.TimestampMilliseconds,
        10 => LogicalKind.TimestampMicroseconds,
        >= 11 and <= 14 => LogicalKind.Unsigned,
        _ => LogicalKind.None,
    };

    private static void ReadLogical(ref ThriftReader reader, SchemaElement element)
    {
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (type != ThriftReader.Struct)
            {
                reader.Skip(type);
                continue;
            }

            switch (id)
            {
                case 5:
                    element.Kind = LogicalKind.Decimal;
                    element.Scale = ReadScale(ref reader);
                    break;
                case 7 or 8:
                    ReadTime(ref reader, element, isTimestamp: id == 8);
                    break;
                case 10:
                    element.Kind = ReadIsSigned(ref reader) ? LogicalKind.None : LogicalKind.Unsigned;
                    break;
                default:
                    element.Kind = id switch
                    {
                        1 or 4 or 12 => LogicalKind.Text,
                        2 => LogicalKind.Map,
                        3 => LogicalKind.List,
                        6 => LogicalKind.Date,
                        14 => LogicalKind.Uuid,
                        15 => LogicalKind.Float16,
                        _ => LogicalKind.None,
                    };
                    reader.Skip(type);
                    break;
            }
        }
    }

    private static int ReadScale(ref ThriftReader reader)
    {
        int scale = 0;
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (id == 1 && type == ThriftReader.I32) scale = reader.ReadInt32();
            else reader.Skip(type);
        }

        return scale;
    }

    private static bool ReadIsSigned(ref ThriftReader reader)
    {
        bool signed = true;
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (id == 2) signed = type == ThriftReader.True;
            reader.Skip(type);
        }

        return signed;
    }

    private static void ReadTime(ref ThriftReader reader, SchemaElement element, bool isTimestamp)
    {
        int unit = 0;
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (id == 1) element.IsUtc = type == ThriftReader.True;
            if (id == 2 && type == ThriftReader.Struct)
            {
                for (int which = 0; reader.TryReadField(ref which, out int inner);)
                {
                    unit = which;
                    reader.Skip(inner);
                }
            }
            else
            {
                reader.Skip(type);
            }
        }

        element.Kind = (unit, isTimestamp) switch
        {
            (1, true) => LogicalKind.TimestampMilliseconds,
            (2, true) => LogicalKind.TimestampMicroseconds,
            (3, true) => LogicalKind.TimestampNanoseconds,
            (1, false) => LogicalKind.TimeMilliseconds,
            (2, false) => LogicalKind.TimeMicroseconds,
            (3, false) => LogicalKind.TimeNanoseconds,
            _ => throw new ParquetFault($"a time's unit is {unit}, which there is not"),
        };
    }
}
