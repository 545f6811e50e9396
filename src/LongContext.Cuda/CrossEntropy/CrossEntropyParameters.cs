using System.Runtime.InteropServices;

namespace LongContext.Cuda.CrossEntropy;

/// <summary>As Kernels/CrossEntropy/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrossEntropyParameters
{
    public nint Logits;
    public nint Labels;
    public nint Weights;
    public nint Losses;
    public nint LogSums;
    public nint Faults;
    public long Stride;
    public long Ignored;
    public int Rows;
    public int Vocabulary;
    public int LongLabels;
    public int WritesGradient;
    public float Scale;
    public float Cap;
    public float ScaleOverCap;
    public float GradientFactor;
    public float ZLoss;
    public int HeldChunks;
}
