namespace LongContext.Cuda.Pointwise;

/// <summary>What follows from an <see cref="ElementType"/>.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of the access that kernels are made of.</summary>
    public const int ChunkBytes = 16;

    /// <summary>Number of types.</summary>
    public const int Count = 3;

    /// <summary>Bytes of an element.</summary>
    public static int Bytes(this ElementType type) => type == ElementType.Float32 ? 4 : 2;

    /// <summary>Elements of 16 bytes.</summary>
    public static int Lanes(this ElementType type) => ChunkBytes / type.Bytes();

    /// <summary>The type in modules' names.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No type.</exception>
    public static string Suffix(this ElementType type) => type switch
    {
        ElementType.BFloat16 => "bf16",
        ElementType.Float16 => "f16",
        ElementType.Float32 => "f32",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such element type."),
    };

    /// <summary>Index of a pair of types of which the second is the first or float32, as weights and tables are; below <see cref="PairCount"/>.</summary>
    /// <exception cref="NotSupportedException">Another pair.</exception>
    public static int PairIndex(ElementType type, ElementType companion, string name)
    {
        if (companion != type && companion != ElementType.Float32)
            throw new NotSupportedException($"{name} is {companion} beside elements of {type}; it must be of the same type or Float32.");
        return ((int)type * 2) + (companion == type ? 0 : 1);
    }

    /// <summary>Bound of <see cref="PairIndex"/>.</summary>
    public const int PairCount = 2 * Count;

    /// <summary>A pair in modules' names, by its index.</summary>
    public static string PairSuffix(int index) => ((ElementType)(index / 2)).Suffix() + (index % 2 == 0 ? string.Empty : "_f32");
}
