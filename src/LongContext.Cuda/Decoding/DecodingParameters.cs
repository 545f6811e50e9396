using System.Runtime.InteropServices;

namespace LongContext.Cuda.Decoding;

/// <summary>Mirror of DecodingParameters in Kernels/Decoding/parameters.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DecodingParameters
{
    public nint Q;
    public nint K;
    public nint V;
    public nint O;
    public nint LogSumExp;
    public nint Partials;
    public nint PartialLogSumExp;
    public nint QueryBorders;
    public nint Lengths;
    public nint KeyBorders;
    public nint Pages;
    public nint Work;
    public int QStride;
    public int KStride;
    public int VStride;
    public int OStride;
    public int Tokens;
    public int Heads;
    public int KeyHeads;
    public int MaxTokens;
    public int Items;
    public int MaxPages;
    public int PageShift;
    public int RowWarps;
    public int RowBlocks;
    public int WindowLeft;
    public float Scale;
    public float Cap;
    public int Codes;
    public int ScaleStart;
}
