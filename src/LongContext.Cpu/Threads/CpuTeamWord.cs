using System.Runtime.InteropServices;

namespace LongContext.Cpu.Threads;

/// <summary>The two words that a team's threads write, on cache lines of their own (128 bytes: lines are fetched in pairs).</summary>
[StructLayout(LayoutKind.Explicit, Size = 384)]
internal sealed class CpuTeamWord
{
    /// <summary>Number of the work, whether it is closed, and how many helpers are inside.</summary>
    [FieldOffset(128)]
    public long State;

    /// <summary>The next tile.</summary>
    [FieldOffset(256)]
    public int Next;
}
