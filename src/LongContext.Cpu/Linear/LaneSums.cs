using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>The sums of one row of x with four outputs, sixteen lanes each.</summary>
/// <remarks>Four fields are what the JIT takes apart into registers; an array of vectors would lie in memory.</remarks>
internal struct LaneSums
{
    private Vector512<float> s0;
    private Vector512<float> s1;
    private Vector512<float> s2;
    private Vector512<float> s3;

    /// <summary>Adds sixteen inputs times the weights of four outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<float> x, Vector512<float> w0, Vector512<float> w1, Vector512<float> w2, Vector512<float> w3)
    {
        s0 = Vector512.FusedMultiplyAdd(x, w0, s0);
        s1 = Vector512.FusedMultiplyAdd(x, w1, s1);
        s2 = Vector512.FusedMultiplyAdd(x, w2, s2);
        s3 = Vector512.FusedMultiplyAdd(x, w3, s3);
    }

    /// <summary>The four sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Total() => LaneSum.Of(s0, s1, s2, s3);
}

/// <summary>Half of them: eight lanes, for processors whose vectors have 256 bits.</summary>
internal unsafe struct HalfLaneSums
{
    private Vector256<float> s0;
    private Vector256<float> s1;
    private Vector256<float> s2;
    private Vector256<float> s3;

    /// <summary>Adds eight inputs times the weights of an output each; a weight is loaded for the first row and kept for the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int output, Vector256<float> x, Vector256<float> w)
    {
        switch (output)
        {
            case 0: s0 = Vector256.FusedMultiplyAdd(x, w, s0); break;
            case 1: s1 = Vector256.FusedMultiplyAdd(x, w, s1); break;
            case 2: s2 = Vector256.FusedMultiplyAdd(x, w, s2); break;
            default: s3 = Vector256.FusedMultiplyAdd(x, w, s3); break;
        }
    }

    /// <summary>Writes the lanes, as [4, 8].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* lanes)
    {
        s0.Store(lanes);
        s1.Store(lanes + 8);
        s2.Store(lanes + 16);
        s3.Store(lanes + 24);
    }
}
