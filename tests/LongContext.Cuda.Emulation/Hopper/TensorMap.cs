using System.Runtime.InteropServices;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>The emulator's own contents of a tensor map's 128 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TensorMap
{
    private const ulong Magic = 0x70616d20726f7463;
    private ulong magic;
    public long Address;
    public fixed long Strides[4];
    public fixed uint Sizes[5];
    public fixed ushort Box[5];
    public fixed byte Steps[5];
    public byte Rank;
    public byte ElementBytes;
    public byte Swizzle;
    public byte FillNaN;
    private byte dataType;

    /// <summary>The element type as a reduction names it.</summary>
    public readonly string TypeName => dataType switch
    {
        2 => "u32", 3 => "s32", 4 => "u64", 6 => "f16", 7 or 10 => "f32", 9 => "bf16", _ => "",
    };

    public readonly bool IsValid => magic == Magic;

    /// <summary>Bytes of the pattern in which 16-byte pieces are exchanged; 16 for none.</summary>
    public readonly int Span => 16 << Swizzle;

    public readonly int BoxBytes
    {
        get
        {
            int bytes = ElementBytes;
            for (int i = 0; i < Rank; i++)
                bytes *= Box[i];
            return bytes;
        }
    }

    /// <summary>cuTensorMapEncodeTiled with the checks its reference lists; false for an invalid value.</summary>
    public static bool Encode(TensorMap* map, int dataType, uint rank, nint address, ulong* sizes, ulong* strides, uint* box, uint* steps, int interleave, int swizzle, int l2Promotion, int fill)
    {
        ReadOnlySpan<byte> elementBytes = [1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4];
        if (dataType < 0 || dataType >= elementBytes.Length || rank is < 1 or > 5 || map == null || ((nint)map & 63) != 0 || (address & 15) != 0)
            return false;
        // Interleaved layouts are not emulated; NaN fill is for floating-point types.
        if (interleave != 0 || swizzle is < 0 or > 3 || l2Promotion is < 0 or > 3 || fill is < 0 or > 1 || (fill == 1 && dataType < 6))
            return false;
        *map = default;
        int bytes = elementBytes[dataType];
        for (int i = 0; i < rank; i++)
        {
            if (sizes[i] is 0 or > 1ul << 32 || box[i] is 0 or > 256 || steps[i] is 0 or > 8)
                return false;
            if (i > 0 && ((strides[i - 1] & 15) != 0 || strides[i - 1] == 0 || strides[i - 1] >= 1ul << 40))
                return false;
            map->Sizes[i] = (uint)sizes[i];
            map->Box[i] = (ushort)box[i];
            map->Steps[i] = (byte)steps[i];
            if (i > 0)
                map->Strides[i - 1] = (long)strides[i - 1];
        }
        long inner = box[0] * bytes;
        if (inner % 16 != 0 || (swizzle != 0 && inner > 16 << swizzle))
            return false;
        (map->magic, map->Address, map->Rank, map->ElementBytes, map->Swizzle, map->FillNaN) = (Magic, address, (byte)rank, (byte)bytes, (byte)swizzle, (byte)fill);
        map->dataType = (byte)dataType;
        return true;
    }

    /// <summary>Where the byte at a linear place of a swizzled tile lies: bits 4… of the address are crossed with bits 7….</summary>
    public static uint Exchange(uint address, int swizzle) => address ^ (((address >> 7) & ((1u << swizzle) - 1)) << 4);
}
