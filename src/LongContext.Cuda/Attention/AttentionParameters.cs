using System.Runtime.InteropServices;

namespace LongContext.Cuda.Attention;

/// <summary>The one argument of the attention kernels over packs: field by field what Kernels/Attention/parameters.cuh declares and explains.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AttentionParameters
{
    /// <summary>A window's side without limit.</summary>
    public const int NoWindow = 1 << 30;

    public nint Q;
    public nint K;
    public nint V;
    public nint O;
    public nint LogSumExp;
    public nint GradientO;
    public nint GradientQ;
    public nint GradientK;
    public nint GradientV;
    public nint Delta;
    public nint LogSumExp2;
    public nint GradientQSum;
    public nint QueryBorders;
    public nint KeyBorders;
    public nint Work;
    public int QStride;
    public int KStride;
    public int VStride;
    public int OStride;
    public int GradientOStride;
    public int GradientQStride;
    public int GradientKStride;
    public int GradientVStride;
    public int Tokens;
    public int Keys;
    public int Heads;
    public int KeyHeads;
    public int Items;
    public int WindowLeft;
    public int WindowRight;
    public float Scale;
    public float Cap;
    public int Size;
    public int SumRows;
}
