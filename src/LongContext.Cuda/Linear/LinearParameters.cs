using System.Runtime.InteropServices;

namespace LongContext.Cuda.Linear;

/// <summary>As Kernels/Linear/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LinearParameters
{
    public nint X;
    public nint Residual;
    public nint Partials;
    public long XStride;
    public long ResidualStride;
    public LinearMatrix First;
    public LinearMatrix Second;
    public LinearMatrix Third;
    public int Rows;
    public int Inputs;
    public int Tiles;
    public int StepsOfPart;
    public int WarpPartsShift;
    public int Splits;
    public int Groups;
    public uint GroupFactor;
    public int GroupSize;
    public int Activation;
    public int FloatOutput;
    public float Scale;
    public float Cap;
    public float ScaleOverCap;
}
