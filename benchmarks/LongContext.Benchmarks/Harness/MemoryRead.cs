using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Benchmarks.Harness;

/// <summary>A loop that only reads: what kernels that wait for memory are compared with.</summary>
internal static unsafe class MemoryRead
{
    /// <summary>Bytes that are read at a time; what is left behind the last such piece is not read.</summary>
    public const int Step = 4 * 64;

    /// <summary>Reads memory from an address on.</summary>
    /// <returns>A number that all of it is needed for, so that nothing is left out.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // small memory is read before the JIT has looked twice
    public static long Read(byte* from, long bytes)
    {
        Vector512<long> a = default, b = default, c = default, d = default;
        for (long i = 0; i + Step <= bytes; i += Step)
        {
            a ^= Vector512.Load((long*)(from + i));
            b ^= Vector512.Load((long*)(from + i + 64));
            c ^= Vector512.Load((long*)(from + i + 128));
            d ^= Vector512.Load((long*)(from + i + 192));
        }

        return (a ^ b ^ c ^ d)[0];
    }
}
