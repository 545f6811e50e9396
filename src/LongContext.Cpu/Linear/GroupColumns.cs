using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>Scales and zero points of four outputs, four blocks of 32 at a time: lane 4b + o belongs to block b and output o.</summary>
internal readonly unsafe struct GroupColumns
{
    private readonly float* s0;
    private readonly float* s1;
    private readonly float* s2;
    private readonly float* s3;
    private readonly byte* z0;
    private readonly byte* z1;
    private readonly byte* z2;
    private readonly byte* z3;
    private readonly int blocksOfGroup;
    private readonly int blocks;

    /// <summary>Of four outputs from one on; what lies beyond the last repeats it.</summary>
    public GroupColumns(in WeightMatrix weight, int output)
    {
        nint groups = weight.Inputs / weight.GroupSize, last = weight.Outputs - 1;
        (blocksOfGroup, blocks) = (weight.GroupSize / InputRounding.Block, weight.Inputs / InputRounding.Block);
        nint g0 = output * groups, g1 = Math.Min(output + 1, last) * groups, g2 = Math.Min(output + 2, last) * groups, g3 = Math.Min(output + 3, last) * groups;
        var scales = (float*)weight.Scales;
        s0 = scales + g0;
        s1 = scales + g1;
        s2 = scales + g2;
        s3 = scales + g3;
        if (weight.Zeros == 0) return;
        var zeros = (byte*)weight.Zeros;
        z0 = zeros + g0;
        z1 = zeros + g1;
        z2 = zeros + g2;
        z3 = zeros + g3;
    }

    /// <summary>The scales of four blocks; 0 beyond the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Scales(int block)
    {
        if (blocksOfGroup == 1 && block <= blocks - 4) return Columns(Vector128.Load(s0 + block), Vector128.Load(s1 + block), Vector128.Load(s2 + block), Vector128.Load(s3 + block));
        if (blocksOfGroup % 4 == 0 && block <= blocks - 4)
        {
            nint group = block / blocksOfGroup;
            Vector128<float> column = Vector128.Create(s0[group], s1[group], s2[group], s3[group]);
            Vector256<float> two = Vector256.Create(column, column);
            return Vector512.Create(two, two);
        }

        return Columns(Row(s0, block), Row(s1, block), Row(s2, block), Row(s3, block));
    }

    /// <summary>The zero points of four blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<float> Zeros(int block) => z0 == null ? Vector512.Create(8f) : Columns(Row(z0, block), Row(z1, block), Row(z2, block), Row(z3, block));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Columns(Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<float> rows = Vector512.Create(Vector256.Create(a, b), Vector256.Create(c, d));
            return Avx512F.PermuteVar16x32(rows, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        }

        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), upperAb = Sse.UnpackHigh(a, b), upperCd = Sse.UnpackHigh(c, d);
            return Vector512.Create(
                Vector256.Create(Sse.MoveLowToHigh(ab, cd), Sse.MoveHighToLow(cd, ab)), Vector256.Create(Sse.MoveLowToHigh(upperAb, upperCd), Sse.MoveHighToLow(upperCd, upperAb)));
        }

        return Vector512.Create(
            Vector256.Create(Vector128.Create(a[0], b[0], c[0], d[0]), Vector128.Create(a[1], b[1], c[1], d[1])), Vector256.Create(Vector128.Create(a[2], b[2], c[2], d[2]), Vector128.Create(a[3], b[3], c[3], d[3])));
    }

    private Vector128<float> Row(float* scales, int block) => Vector128.Create(At(scales, block), At(scales, block + 1), At(scales, block + 2), At(scales, block + 3));

    private Vector128<float> Row(byte* zeros, int block) => Vector128.Create(At(zeros, block), At(zeros, block + 1), At(zeros, block + 2), At(zeros, block + 3));

    private float At(float* scales, int block) => block < blocks ? scales[block / blocksOfGroup] : 0;

    private float At(byte* zeros, int block) => block < blocks ? zeros[block / blocksOfGroup] : 0;
}
