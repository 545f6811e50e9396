using System.Runtime.InteropServices;

namespace LongContext.Cuda.Attention;

/// <summary>How blocks draw their work: as hopper_parameters.cuh declares and explains.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HopperSchedule
{
    public nint Counter;
    public int SectionHeads;
    public int Units;
}
