using System.Diagnostics.CodeAnalysis;

namespace LongContext.Gguf;

/// <summary>Sizes of tensors by their type.</summary>
internal static class GgufTensorTypes
{
    /// <summary>Whether the type is one of those that are written and decoded here.</summary>
    public static bool IsKnown(this GgufTensorType type) =>
        type is GgufTensorType.Float32 or GgufTensorType.Float16 or GgufTensorType.BFloat16 or GgufTensorType.Q4_0 or GgufTensorType.Q8_0;

    /// <summary>How many elements go into one block; rows are whole numbers of blocks.</summary>
    public static int BlockElements(this GgufTensorType type) => type switch
    {
        GgufTensorType.Q4_0 => Q4Blocks.Elements,
        GgufTensorType.Q8_0 => Q8Blocks.Elements,
        _ => 1,
    };

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this GgufTensorType type) => type switch
    {
        GgufTensorType.Float32 => 4,
        GgufTensorType.Q4_0 => Q4Blocks.Bytes,
        GgufTensorType.Q8_0 => Q8Blocks.Bytes,
        _ => 2,
    };

    /// <summary>Bytes of a tensor of a known type; false where a row is no whole number of blocks, or a size negative or too large.</summary>
    /// <param name="type">A known type.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="byteLength">The bytes.</param>
    public static bool TryGetByteLength(this GgufTensorType type, IReadOnlyList<long> shape, [NotNullWhen(true)] out long? byteLength)
    {
        byteLength = null;
        if (shape.Count == 0 || shape[^1] % type.BlockElements() != 0) return false;
        long blocks = shape[^1] / type.BlockElements();
        for (int i = 0; i < shape.Count; i++)
        {
            long size = i == shape.Count - 1 ? 1 : shape[i];
            if (shape[i] <= 0 || blocks > long.MaxValue / 8 / size) return false;
            blocks *= size;
        }

        if (blocks > long.MaxValue / 2 / type.BlockBytes()) return false;
        byteLength = blocks * type.BlockBytes();
        return true;
    }

    public static string ToText(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}
