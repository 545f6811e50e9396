using System.Runtime.InteropServices;

namespace LongContext.Cuda.Dequantization;

/// <summary>As Kernels/Dequantization/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct EightBitParameters
{
    public nint Codes;
    public nint Factors;
    public nint Values;
    public long Rows;
    public int Columns;
    public int Reserved;
}
