using System.Runtime.InteropServices;

namespace LongContext.Cuda.Sampling;

/// <summary>As Kernels/Sampling/parameters.cuh has it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CandidateParameters
{
    public nint Logits;
    public nint Lists;
    public nint Sums;
    public nint Tokens;
    public nint Scores;
    public nint Masses;
    public nint Counts;
    public nint Inverses;
    public long Stride;
    public int Rows;
    public int Vocabulary;
    public int Count;
    public int Slices;
}
