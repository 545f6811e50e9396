using System.Runtime.InteropServices;

namespace LongContext.Cuda.Decoding;

/// <summary>Mirror of CacheAppendParameters in Kernels/Decoding/parameters.cuh.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CacheAppendParameters
{
    public nint Q;
    public nint K;
    public nint V;
    public nint KCache;
    public nint VCache;
    public nint Slots;
    public nint Positions;
    public nint Cosines;
    public nint Sines;
    public int QStride;
    public int KStride;
    public int VStride;
    public int KCacheStride;
    public int VCacheStride;
    public int Tokens;
    public int Heads;
    public int KeyHeads;
    public int Size;
    public int RotarySize;
    public long CacheRows;
    public int Codes;
    public int ScaleStart;
}
