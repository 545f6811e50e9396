using System.Runtime.InteropServices;

namespace LongContext.Cuda.Decoding;

/// <summary>Mirror of DecodingCombineParameters in Kernels/Decoding/parameters.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DecodingCombineParameters
{
    public nint Partials;
    public nint PartialLogSumExp;
    public nint O;
    public nint LogSumExp;
    public nint QueryBorders;
    public nint Sequences;
    public int OStride;
    public int Tokens;
    public int Heads;
    public int MaxTokens;
    public int Items;
    public int Reserved;
}
