using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Memory;

/// <summary>Asks for it to come into the cache (<see cref="ReadAheadLevel"/>).</summary>
internal readonly unsafe struct ReadsAhead : IReadAhead
{
    private const int Line = 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address, int bytes)
    {
        if (!Sse.IsSupported) return;
        Debug.Assert(bytes <= 4 * Line);
        if (ReadAheadLevel.IsFirst)
        {
            Sse.Prefetch0(address);
            if (bytes > Line) Sse.Prefetch0(address + Line);
            if (bytes > 2 * Line) Sse.Prefetch0(address + (2 * Line));
            if (bytes > 3 * Line) Sse.Prefetch0(address + (3 * Line));
            return;
        }

        Sse.Prefetch1(address);
        if (bytes > Line) Sse.Prefetch1(address + Line);
        if (bytes > 2 * Line) Sse.Prefetch1(address + (2 * Line));
        if (bytes > 3 * Line) Sse.Prefetch1(address + (3 * Line));
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
