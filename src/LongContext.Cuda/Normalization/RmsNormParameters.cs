using System.Runtime.InteropServices;

namespace LongContext.Cuda.Normalization;

/// <summary>As Kernels/Normalization/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RmsNormParameters
{
    public nint X;
    public nint Residual;
    public nint Weight;
    public nint Sum;
    public nint Y;
    public long XStride;
    public long ResidualStride;
    public long SumStride;
    public long YStride;
    public int Rows;
    public int Inner;
    public int Columns;
    public int Team;
    public float Epsilon;
    public float WeightOffset;
    public int WeightInFloat32;
    public int Reserved;
}
