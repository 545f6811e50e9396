using System.Runtime.InteropServices;

namespace LongContext.Cuda.Optimizers;

/// <summary>As Kernels/Optimizers/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct BlockwiseAdamWParameters
{
    public nint Weight;
    public nint Master;
    public nint Gradient;
    public nint MeanCodes;
    public nint SquareCodes;
    public nint MeanScales;
    public nint SquareScales;
    public nint Tables;
    public long Count;
    public long Start;
    public ulong Key;
    public AdamWConstants Constants;
    public int FloatGradient;
    public int Stochastic;
}
