using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <summary>Four vectors.</summary>
internal unsafe struct FourColumns : IColumns<FourColumns>
{
    private Vector512<float> c0;
    private Vector512<float> c1;
    private Vector512<float> c2;
    private Vector512<float> c3;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourColumns Read<TElement>(byte* source)
        where TElement : struct, IElementFormat
    {
        var read = default(FourColumns);
        TElement.Load(source, out read.c0, out read.c1, out read.c2, out read.c3);
        return read;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FourColumns Load(float* source) => new()
    {
        c0 = Vector512.Load(source), c1 = Vector512.Load(source + 16), c2 = Vector512.Load(source + 32), c3 = Vector512.Load(source + 48),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* target)
    {
        c0.Store(target);
        c1.Store(target + 16);
        c2.Store(target + 32);
        c3.Store(target + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TElement>(Vector512<float> a, FourColumns b)
        where TElement : struct, IElementFormat
    {
        c0 = TElement.MultiplyAdd(a, b.c0, c0);
        c1 = TElement.MultiplyAdd(a, b.c1, c1);
        c2 = TElement.MultiplyAdd(a, b.c2, c2);
        c3 = TElement.MultiplyAdd(a, b.c3, c3);
    }
}

/// <summary>Two vectors.</summary>
internal unsafe struct TwoColumns : IColumns<TwoColumns>
{
    private Vector512<float> c0;
    private Vector512<float> c1;

    public static int Count => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoColumns Read<TElement>(byte* source)
        where TElement : struct, IElementFormat => new() { c0 = TElement.Load(source), c1 = TElement.Load(source + (16 * TElement.Bytes)) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TwoColumns Load(float* source) => new() { c0 = Vector512.Load(source), c1 = Vector512.Load(source + 16) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* target)
    {
        c0.Store(target);
        c1.Store(target + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TElement>(Vector512<float> a, TwoColumns b)
        where TElement : struct, IElementFormat
    {
        c0 = TElement.MultiplyAdd(a, b.c0, c0);
        c1 = TElement.MultiplyAdd(a, b.c1, c1);
    }
}

/// <summary>One vector.</summary>
internal unsafe struct OneColumn : IColumns<OneColumn>
{
    private Vector512<float> c0;

    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneColumn Read<TElement>(byte* source)
        where TElement : struct, IElementFormat => new() { c0 = TElement.Load(source) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneColumn Load(float* source) => new() { c0 = Vector512.Load(source) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* target) => c0.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add<TElement>(Vector512<float> a, OneColumn b)
        where TElement : struct, IElementFormat => c0 = TElement.MultiplyAdd(a, b.c0, c0);
}
