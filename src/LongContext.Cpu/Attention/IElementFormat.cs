using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <summary>How 16 numbers of the cache come into a vector; exact, without their scale.</summary>
internal unsafe interface IElementFormat
{
    /// <summary>Bytes of a number.</summary>
    static abstract int Bytes { get; }

    /// <summary>Reads 16 numbers; the address need not be aligned.</summary>
    static abstract Vector512<float> Load(byte* source);

    /// <summary>Reads 64 numbers as four vectors.</summary>
    static abstract void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth);
}
