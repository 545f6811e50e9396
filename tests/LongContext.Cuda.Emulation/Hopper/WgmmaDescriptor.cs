namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>
/// The 64 bits that describe a matrix of 16-bit elements in shared memory to wgmma. In units of 16 bytes, rows being M or N:
/// <code>
/// K-major, no swizzle:   ((8, n), 2) : ((1, SBO), LBO)       swizzle of W units: ((8, n), 2) : ((W, SBO), 1)
/// MN-major, no swizzle:  ((1, n), (8, k)) : ((–, SBO), (1, LBO))   swizzle:      ((W, n), (8, k)) : ((1, LBO), (W, SBO))
/// </code>
/// where SBO and LBO are the stride and leading byte offsets; addresses are then exchanged by the swizzle.
/// </summary>
internal readonly struct WgmmaDescriptor(ulong bits)
{
    public uint Start => (uint)(bits & 0x3fff) << 4;

    public uint Leading => (uint)((bits >> 16) & 0x3fff) << 4;

    public uint Stride => (uint)((bits >> 32) & 0x3fff) << 4;

    public uint BaseOffset => (uint)((bits >> 49) & 7);

    /// <summary>0 none, 1 for 32, 2 for 64, 3 for 128 bytes.</summary>
    public int Swizzle => (int)(bits >> 62) switch { 0 => 0, 1 => 3, 2 => 2, _ => 1 };

    /// <summary>Bits that the manual leaves at zero.</summary>
    public bool HasStrayBits => (bits & 0x3FF1_C000_C000_C000ul) != 0;

    /// <summary>Shared address of the 16 bytes that hold, K-major, elements (row, 8·part…) or, MN-major, (8·part…, k) of a product's 16 deep slice.</summary>
    public uint Address(int outer, int inner, bool transposed)
    {
        int width = 1 << Swizzle;
        uint linear;
        if (!transposed)
        {
            // outer: row; inner: half of the 16 columns.
            uint group = (uint)(outer >> 3), row = (uint)(outer & 7);
            linear = Swizzle == 0 ? (row * 16) + (group * Stride) + ((uint)inner * Leading) : (row * 16 * (uint)width) + (group * Stride) + ((uint)inner * 16);
        }
        else
        {
            // outer: piece of 8 rows; inner: k of 16.
            uint deep = (uint)(inner >> 3), k = (uint)(inner & 7);
            linear = Swizzle == 0 ? ((uint)outer * Stride) + (k * 16) + (deep * Leading)
                : ((uint)(outer % width) * 16) + ((uint)(outer / width) * Leading) + (k * 16 * (uint)width) + (deep * Stride);
        }
        // The pattern is anchored where an address is a multiple of its repetition; a base offset shifts it.
        uint address = Start + linear;
        uint key = ((address >> 7) - BaseOffset) & ((1u << Swizzle) - 1);
        return address ^ (key << 4);
    }
}
