using System.Runtime.InteropServices;

namespace LongContext.Cuda.Rotary;

/// <summary>As Kernels/Rotary/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RotaryParameters
{
    public nint Q;
    public nint K;
    public nint RotatedQ;
    public nint RotatedK;
    public nint Cos;
    public nint Sin;
    public nint Positions;
    public long QStride;
    public long KStride;
    public long RotatedQStride;
    public long RotatedKStride;
    public long TableStride;
    public int Tokens;
    public int Heads;
    public int KeyHeads;
    public int Size;
    public int Rotated;
    public int Copies;
    public float Direction;
    public int Reserved;
}
