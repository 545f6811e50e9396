using System.Runtime.InteropServices;

namespace LongContext.Cuda.Decoding;

/// <summary>Mirror of CodedRowsParameters in Kernels/Decoding/parameters.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CodedRowsParameters
{
    public nint From;
    public nint To;
    public nint Sources;
    public nint Targets;
    public int Rows;
    public int KeyHeads;
    public int Size;
    public int Stride;
    public int Codes;
    public int ScaleStart;
    public long CacheRows;
}
