namespace LongContext.Checkpoints;

/// <summary>Sizes and file names of <see cref="TensorDataType"/>, and the .NET types that hold their elements.</summary>
public static class TensorDataTypeExtensions
{
    private static readonly (TensorDataType Type, string Name, int Size)[] Table =
    [
        (TensorDataType.Float64, "F64", 8),
        (TensorDataType.Float32, "F32", 4),
        (TensorDataType.Float16, "F16", 2),
        (TensorDataType.BFloat16, "BF16", 2),
        (TensorDataType.Float8E4M3, "F8_E4M3", 1),
        (TensorDataType.Float8E5M2, "F8_E5M2", 1),
        (TensorDataType.Int64, "I64", 8),
        (TensorDataType.Int32, "I32", 4),
        (TensorDataType.Int16, "I16", 2),
        (TensorDataType.Int8, "I8", 1),
        (TensorDataType.UInt64, "U64", 8),
        (TensorDataType.UInt32, "U32", 4),
        (TensorDataType.UInt16, "U16", 2),
        (TensorDataType.UInt8, "U8", 1),
        (TensorDataType.Bool, "BOOL", 1),
    ];

    /// <summary>Bytes of one element: 1, 2, 4 or 8.</summary>
    /// <param name="dataType">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enumeration.</exception>
    public static int ByteSize(this TensorDataType dataType) => Row(dataType).Size;

    /// <summary>The name in a safetensors header, for example <c>BF16</c>.</summary>
    internal static string SafetensorsName(this TensorDataType dataType) => Row(dataType).Name;

    /// <summary>The names a header may use, for messages.</summary>
    internal static string KnownNames => string.Join(", ", Table.Select(row => row.Name));

    internal static bool TryParse(string name, out TensorDataType dataType)
    {
        foreach ((TensorDataType type, string known, int _) in Table)
        {
            if (known == name)
            {
                dataType = type;
                return true;
            }
        }

        dataType = default;
        return false;
    }

    /// <summary>The element type that a .NET type is written as, or null where there is none.</summary>
    internal static TensorDataType? FromClrType(Type type) =>
        type == typeof(double) ? TensorDataType.Float64
        : type == typeof(float) ? TensorDataType.Float32
        : type == typeof(Half) ? TensorDataType.Float16
        : type == typeof(long) ? TensorDataType.Int64
        : type == typeof(int) ? TensorDataType.Int32
        : type == typeof(short) ? TensorDataType.Int16
        : type == typeof(sbyte) ? TensorDataType.Int8
        : type == typeof(ulong) ? TensorDataType.UInt64
        : type == typeof(uint) ? TensorDataType.UInt32
        : type == typeof(ushort) ? TensorDataType.UInt16
        : type == typeof(byte) ? TensorDataType.UInt8
        : type == typeof(bool) ? TensorDataType.Bool
        : null;

    /// <summary>
    /// Whether an array of a .NET type can take the elements as they are. Formats that .NET has no type for are read as
    /// their bits: bfloat16 as ushort, the 8-bit floats as byte.
    /// </summary>
    internal static bool IsReadableAs(this TensorDataType dataType, Type type) =>
        FromClrType(type) == dataType
        || (dataType == TensorDataType.BFloat16 && type == typeof(ushort))
        || (dataType is TensorDataType.Float8E4M3 or TensorDataType.Float8E5M2 && type == typeof(byte));

    private static (TensorDataType Type, string Name, int Size) Row(TensorDataType dataType) =>
        (uint)dataType < (uint)Table.Length
            ? Table[(int)dataType]
            : throw new ArgumentOutOfRangeException(nameof(dataType), dataType, "Not a tensor data type.");
}
