using System.Runtime.InteropServices;

namespace LongContext.Cuda.Linear;

/// <summary>As Kernels/Linear/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearMatrix
{
    public nint Codes;
    public nint Scales;
    public nint Zeros;
    public nint Groups;
    public nint Table;
    public nint Bias;
    public nint Y;
    public long YStride;
    public int Outputs;
    public int FirstTile;
    public float Mean;
    public int Reserved;
}
