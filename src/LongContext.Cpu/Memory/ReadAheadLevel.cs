using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Memory;

/// <summary>The level of cache that memory is asked into before it is needed.</summary>
internal static class ReadAheadLevel
{
    private const int Amd = 0x68747541; // "Auth" of "AuthenticAMD"
    private const int Zen5 = 0x1A;

    /// <summary>
    /// Whether it is the first. What is asked into the first holds one of its few places for misses until it is there: on AMD's Zen 4 asking so gained nothing, asking into the second level doubled the rate. From Zen 5 on the
    /// first level is faster by an eighth.
    /// </summary>
    public static readonly bool IsFirst = X86Base.IsSupported && IsZen5OrLater();

    private static bool IsZen5OrLater()
    {
        (_, int vendor, _, _) = X86Base.CpuId(0, 0);
        (int version, _, _, _) = X86Base.CpuId(1, 0);
        int family = (version >> 8) & 0xF;
        if (family == 0xF) family += (version >> 20) & 0xFF;
        return vendor == Amd && family >= Zen5;
    }
}
