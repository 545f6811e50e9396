using System.Runtime.InteropServices;

namespace LongContext.Cuda.Dequantization;

/// <summary>As Kernels/Dequantization/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Nf4Parameters
{
    public nint Codes;
    public nint Magnitudes;
    public nint Groups;
    public nint Table;
    public nint Values;
    public long FirstBlock;
    public long Rows;
    public int Columns;
    public float Mean;
}
