using System.Runtime.InteropServices;

namespace LongContext.Cuda.Normalization;

/// <summary>As Kernels/Normalization/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RmsNormBackwardParameters
{
    public nint X;
    public nint Weight;
    public nint Gradient;
    public nint Added;
    public nint Result;
    public nint Partial;
    public long XStride;
    public long GradientStride;
    public long AddedStride;
    public long ResultStride;
    public int Rows;
    public int Inner;
    public int Columns;
    public int Team;
    public float Epsilon;
    public float WeightOffset;
}
