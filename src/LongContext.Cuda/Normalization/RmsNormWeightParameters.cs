using System.Runtime.InteropServices;

namespace LongContext.Cuda.Normalization;

/// <summary>As Kernels/Normalization/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RmsNormWeightParameters
{
    public nint Partial;
    public nint Gradient;
    public int Count;
    public int Columns;
    public int Accumulate;
    public int Reserved;
}
