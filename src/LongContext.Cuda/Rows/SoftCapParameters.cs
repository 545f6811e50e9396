using System.Runtime.InteropServices;

namespace LongContext.Cuda.Rows;

/// <summary>As Kernels/Rows/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SoftCapParameters
{
    public nint Values;
    public long Stride;
    public long Rows;
    public int Columns;
    public float Scale;
    public float Cap;
    public float ScaleOverCap;
}
