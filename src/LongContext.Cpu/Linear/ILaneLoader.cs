using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>Reads sixteen weights that lie one after another and makes float32 of them, exactly. Implemented by empty structs, so that kernels are compiled for each format.</summary>
internal unsafe interface ILaneLoader
{
    /// <summary>Bytes from sixteen weights of a row to the next sixteen.</summary>
    static abstract nint Step { get; }

    /// <summary>Bytes from the first eight of sixteen weights to the other eight.</summary>
    static abstract nint Half { get; }

    /// <summary>The sixteen weights at an address.</summary>
    static abstract Vector512<float> Load(byte* address);

    /// <summary>The first eight of them: for processors whose vectors have 256 bits.</summary>
    static abstract Vector256<float> LoadHalf(byte* address);
}
