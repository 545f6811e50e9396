using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <summary>A few neighbouring vectors of a row: one, two or four. Implemented by structs of as many fields, which the JIT takes apart into registers; an array of vectors would lie in memory.</summary>
internal unsafe interface IColumns<TSelf>
    where TSelf : struct, IColumns<TSelf>
{
    /// <summary>Vectors.</summary>
    static abstract int Count { get; }

    /// <summary>Lanes of a format.</summary>
    static abstract TSelf Read<TElement>(byte* source)
        where TElement : struct, IElementFormat;

    /// <summary>Vectors that follow one another.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Writes them one after another.</summary>
    void Store(float* target);

    /// <summary>this += a · b, as the format does it.</summary>
    void Add<TElement>(Vector512<float> a, TSelf b)
        where TElement : struct, IElementFormat;
}
