using System.Runtime.InteropServices;

namespace LongContext.Cuda.Rows;

/// <summary>As Kernels/Rows/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GatherParameters
{
    public nint Indices;
    public nint Table;
    public nint Result;
    public long TableStride;
    public long ResultStride;
    public long Rows;
    public int Columns;
    public int TableRows;
    public float Scale;
    public int Reserved;
}
