namespace LongContext.Gguf;

/// <summary>Which .NET type stands for which type of metadata.</summary>
internal static class GgufValueTypes
{
    private static readonly Dictionary<Type, GgufValueType> ByClrType = new()
    {
        [typeof(byte)] = GgufValueType.UInt8,
        [typeof(sbyte)] = GgufValueType.Int8,
        [typeof(ushort)] = GgufValueType.UInt16,
        [typeof(short)] = GgufValueType.Int16,
        [typeof(uint)] = GgufValueType.UInt32,
        [typeof(int)] = GgufValueType.Int32,
        [typeof(float)] = GgufValueType.Float32,
        [typeof(bool)] = GgufValueType.Boolean,
        [typeof(string)] = GgufValueType.Text,
        [typeof(ulong)] = GgufValueType.UInt64,
        [typeof(long)] = GgufValueType.Int64,
        [typeof(double)] = GgufValueType.Float64,
    };

    /// <summary>The type of a value that is no array; null where the format has none.</summary>
    public static GgufValueType? FromClrType(Type type) => ByClrType.TryGetValue(type, out GgufValueType found) ? found : null;

    /// <summary>Bytes of one value; for a text the least it can have.</summary>
    public static int MinimumBytes(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Boolean => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        _ => 8,
    };
}
