using System.Runtime.InteropServices;

namespace LongContext.Cuda.GatedUnits;

/// <summary>As Kernels/GatedUnits/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GatedUnitParameters
{
    public nint Gate;
    public nint Up;
    public nint Product;
    public nint Gradient;
    public nint GateGradient;
    public nint UpGradient;
    public long GateStride;
    public long UpStride;
    public long ProductStride;
    public long GradientStride;
    public long GateGradientStride;
    public long UpGradientStride;
    public long Rows;
    public int Columns;
    public int Reserved;
}
