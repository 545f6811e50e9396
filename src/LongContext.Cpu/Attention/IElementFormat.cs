using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <summary>How numbers of the cache come into the 16 lanes of a vector, exact and without their scale, and how a lane's sum of products goes on.</summary>
internal unsafe interface IElementFormat
{
    /// <summary>Bytes of a lane.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether a lane holds two neighbouring integers, whose products are added to an integer sum. The vectors of float32 then carry the bits of int16 and int32 lanes.</summary>
    static abstract bool HasPairs { get; }

    /// <summary>Reads 16 lanes; the address need not be aligned.</summary>
    static abstract Vector512<float> Load(byte* source);

    /// <summary>Reads 64 lanes as four vectors.</summary>
    static abstract void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth);

    /// <summary>sum + a · b, by FMA; of pairs sum + a₀ · b₀ + a₁ · b₁, exact while it fits 32 bits.</summary>
    static abstract Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum);
}
