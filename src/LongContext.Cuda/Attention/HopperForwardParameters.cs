using System.Runtime.InteropServices;

namespace LongContext.Cuda.Attention;

/// <summary>The one argument of the Hopper forward kernel: as hopper_parameters.cuh declares it, padded to its alignment of 64 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
internal struct HopperForwardParameters
{
    public const int Bytes = 640;

    public HopperTensorMap Q;
    public HopperTensorMap K;
    public HopperTensorMap V;
    public AttentionParameters Attention;
    public HopperSchedule Schedule;
}
