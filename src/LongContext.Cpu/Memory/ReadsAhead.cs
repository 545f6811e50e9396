using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Memory;

/// <summary>Asks for it to come into the second-level cache: what is asked into the first holds one of its few places for misses until it is there, which halved the rate.</summary>
internal readonly unsafe struct ReadsAhead : IReadAhead
{
    private const int Line = 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address, int bytes)
    {
        if (!Sse.IsSupported) return;
        Sse.Prefetch1(address);
        if (bytes > Line) Sse.Prefetch1(address + Line);
        if (bytes > 2 * Line) Sse.Prefetch1(address + (2 * Line));
        if (bytes > 3 * Line) Sse.Prefetch1(address + (3 * Line));
        Debug.Assert(bytes <= 4 * Line);
    }
}

/// <summary>Does not.</summary>
internal readonly unsafe struct ReadsNothingAhead : IReadAhead
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address, int bytes)
    {
    }
}
