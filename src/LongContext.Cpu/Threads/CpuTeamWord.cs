using System.Runtime.InteropServices;

namespace LongContext.Cpu.Threads;

/// <summary>The word that a team's threads write, on cache lines of its own (128 bytes: lines are fetched in pairs).</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal sealed class CpuTeamWord
{
    /// <summary>Number of the work, whether it is closed, and how many helpers are inside.</summary>
    [FieldOffset(128)]
    public long State;
}
