using System.Runtime.InteropServices;

namespace LongContext.Cuda.Optimizers;

/// <summary>As Kernels/Optimizers/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AdamWParameters
{
    public nint Weight;
    public nint Master;
    public nint Gradient;
    public nint Mean;
    public nint Square;
    public long Count;
    public long Start;
    public ulong Key;
    public AdamWConstants Constants;
    public int FloatGradient;
    public int Stochastic;
}
