using System.Numerics;

namespace LongContext.Cuda.Tests.Emulation;

/// <summary>Arithmetic instructions on extreme and random operands against plain C# written from the manual's description.</summary>
public sealed class InstructionTests
{
    private const int Count = 512;

    private static readonly uint[] Extremes =
    [
        0, 1, 2, 31, 32, 33, 63, 255, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
        0x3f800000, 0xbf800000, 0x3f000000, 0x40490fdb, 0x7f800000, 0xff800000, 0x7fc00000, 0x00000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff,
        0x4b000000, 0x4b7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0x477fe000, 0x477ff000, 0x387fc000, 0x33000000, 0x3f808000, 0x3f818000, 0x42280000,
    ];

    private static uint[] Inputs(int seed)
    {
        var random = new Random(seed);
        var inputs = new uint[3 * Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = random.Next(3) switch
            {
                0 => Extremes[random.Next(Extremes.Length)],
                1 => (uint)random.NextInt64(1L << 32),
                _ => BitConverter.SingleToUInt32Bits((random.NextSingle() - 0.5f) * MathF.Pow(2, random.Next(-20, 20))),
            };
        }
        return inputs;
    }

    private static void Check(string instruction, Func<uint, uint, uint, uint> expected, string target = "sm_80", string version = "7.4", bool nan = true)
    {
        uint[] inputs = Inputs(instruction.Length);
        var program = new PtxProgram($$"""
            ld.global.b32 %r0, [%i4];
            ld.global.b32 %r1, [%i4+{{Count * 4}}];
            ld.global.b32 %r2, [%i4+{{Count * 8}}];
            mov.b32 %f0, %r0;
            mov.b32 %f1, %r1;
            mov.b32 %f2, %r2;
            mov.b32 {%h0, _}, %r0;
            mov.b32 {%h1, _}, %r1;
            mov.b32 {%h2, _}, %r2;
            {{instruction}}
            st.global.b32 [%o4], %r9;
            """, target: target, version: version) { Threads = Count };
        uint[] found = program.Run<uint, uint>(inputs, Count);
        for (int i = 0; i < Count; i++)
        {
            uint a = inputs[i], b = inputs[Count + i], c = inputs[(2 * Count) + i], e = expected(a, b, c);
            bool bothNaN = nan && float.IsNaN(F(e)) && float.IsNaN(F(found[i]));
            Assert.True(found[i] == e || bothNaN, $"{instruction}: {a:x8}, {b:x8}, {c:x8} gave {found[i]:x8}, expected {e:x8}");
        }
    }

    private static float F(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    private static uint B(float x) => BitConverter.SingleToUInt32Bits(x);

    public static TheoryData<string> Integers() => [.. IntegerCases.Keys];

    private static readonly Dictionary<string, Func<uint, uint, uint, uint>> IntegerCases = new()
    {
        ["add.s32 %r9, %r0, %r1;"] = (a, b, _) => a + b,
        ["sub.u32 %r9, %r0, %r1;"] = (a, b, _) => a - b,
        ["add.sat.s32 %r9, %r0, %r1;"] = (a, b, _) => (uint)(int)Math.Clamp((long)(int)a + (int)b, int.MinValue, int.MaxValue),
        ["mul.lo.s32 %r9, %r0, %r1;"] = (a, b, _) => (uint)((ulong)a * b),
        ["mul.hi.s32 %r9, %r0, %r1;"] = (a, b, _) => (uint)(((long)(int)a * (int)b) >> 32),
        ["mul.hi.u32 %r9, %r0, %r1;"] = (a, b, _) => (uint)(((ulong)a * b) >> 32),
        ["mad.lo.s32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (uint)(((ulong)a * b) + c),
        ["mad.hi.u32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (uint)(((ulong)a * b) >> 32) + c,
        ["mul.wide.s32 %d1, %r0, %r1; shr.u64 %d1, %d1, 20; cvt.u32.u64 %r9, %d1;"] = (a, b, _) => (uint)((ulong)((long)(int)a * (int)b) >> 20),
        ["cvt.s64.s32 %d1, %r2; mad.wide.s32 %d1, %r0, %r1, %d1; shr.u64 %d1, %d1, 17; cvt.u32.u64 %r9, %d1;"] = (a, b, c) => (uint)((ulong)(((long)(int)a * (int)b) + (int)c) >> 17),
        ["mul.wide.u16 %r9, %h0, %h1;"] = (a, b, _) => (a & 0xffff) * (b & 0xffff),
        ["mul.wide.s16 %r9, %h0, %h1;"] = (a, b, _) => (uint)((short)a * (short)b),
        ["min.s32 %r9, %r0, %r1;"] = (a, b, _) => (uint)Math.Min((int)a, (int)b),
        ["max.u32 %r9, %r0, %r1;"] = (a, b, _) => Math.Max(a, b),
        ["neg.s32 %r9, %r0;"] = (a, _, _) => 0 - a,
        ["abs.s32 %r9, %r0;"] = (a, _, _) => (int)a < 0 ? 0 - a : a,
        ["div.u32 %r9, %r0, %r1;"] = (a, b, _) => b == 0 ? uint.MaxValue : a / b,
        ["rem.u32 %r9, %r0, %r1;"] = (a, b, _) => b == 0 ? uint.MaxValue : a % b,
        ["div.s32 %r9, %r0, %r1;"] = (a, b, _) => b == 0 ? uint.MaxValue : (uint)((long)(int)a / (int)b),
        ["rem.s32 %r9, %r0, %r1;"] = (a, b, _) => b == 0 ? uint.MaxValue : (uint)((long)(int)a % (int)b),
        ["and.b32 %r9, %r0, %r1;"] = (a, b, _) => a & b,
        ["or.b32 %r9, %r0, %r1;"] = (a, b, _) => a | b,
        ["xor.b32 %r9, %r0, %r1;"] = (a, b, _) => a ^ b,
        ["not.b32 %r9, %r0;"] = (a, _, _) => ~a,
        ["shl.b32 %r9, %r0, %r1;"] = (a, b, _) => b > 31 ? 0 : a << (int)b,
        ["shr.u32 %r9, %r0, %r1;"] = (a, b, _) => b > 31 ? 0 : a >> (int)b,
        ["shr.s32 %r9, %r0, %r1;"] = (a, b, _) => (uint)((int)a >> (int)Math.Min(31, b)),
        ["shf.l.wrap.b32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (c & 31) == 0 ? b : (b << (int)(c & 31)) | (a >> (int)(32 - (c & 31))),
        ["shf.r.wrap.b32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (c & 31) == 0 ? a : (b << (int)(32 - (c & 31))) | (a >> (int)(c & 31)),
        ["shf.l.clamp.b32 %r9, %r0, %r1, %r2;"] = (a, b, c) => c >= 32 ? a : c == 0 ? b : (b << (int)c) | (a >> (int)(32 - c)),
        ["shf.r.clamp.b32 %r9, %r0, %r1, %r2;"] = (a, b, c) => c >= 32 ? b : c == 0 ? a : (b << (int)(32 - c)) | (a >> (int)c),
        ["lop3.b32 %r9, %r0, %r1, %r2, 0xca;"] = (a, b, c) => (a & b) | (~a & c),
        ["lop3.b32 %r9, %r0, %r1, %r2, 0x96;"] = (a, b, c) => a ^ b ^ c,
        ["prmt.b32 %r9, %r0, %r1, 0x5410;"] = (a, b, _) => (a & 0xffff) | (b << 16),
        ["prmt.b32 %r9, %r0, %r1, 0x7632;"] = (a, b, _) => (a >> 16) | (b & 0xffff0000),
        ["prmt.b32 %r9, %r0, %r1, 0x9abc;"] = (a, b, _) => (Sign(b >> 7) & 0xff) | (Sign(a >> 31) & 0xff00) | (Sign(a >> 23) & 0xff0000) | (Sign(a >> 15) & 0xff000000),
        ["bfe.u32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (uint)(((ulong)a >> (int)Math.Min(b & 255, 63)) & ((1ul << (int)Math.Min(c & 255, 63)) - 1)),
        ["bfe.s32 %r9, %r0, 4, 8;"] = (a, _, _) => (uint)(sbyte)(a >> 4),
        ["bfi.b32 %r9, %r0, %r1, 4, 8;"] = (a, b, _) => (b & ~0xff0u) | ((a & 0xff) << 4),
        ["popc.b32 %r9, %r0;"] = (a, _, _) => (uint)BitOperations.PopCount(a),
        ["clz.b32 %r9, %r0;"] = (a, _, _) => (uint)BitOperations.LeadingZeroCount(a),
        ["brev.b32 %r9, %r0;"] = (a, _, _) => Convert.ToUInt32(new string([.. Convert.ToString(a, 2).PadLeft(32, '0').Reverse()]), 2),
        ["bfind.u32 %r9, %r0;"] = (a, _, _) => a == 0 ? uint.MaxValue : (uint)BitOperations.Log2(a),
        ["dp4a.s32.s32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (uint)((int)c + Enumerable.Range(0, 4).Sum(i => (sbyte)(a >> (8 * i)) * (sbyte)(b >> (8 * i)))),
        ["dp4a.u32.s32 %r9, %r0, %r1, %r2;"] = (a, b, c) => (uint)((int)c + Enumerable.Range(0, 4).Sum(i => (byte)(a >> (8 * i)) * (sbyte)(b >> (8 * i)))),
        ["setp.lt.s32 %p0, %r0, %r1; selp.b32 %r9, 1, 2, %p0;"] = (a, b, _) => (int)a < (int)b ? 1u : 2,
        ["setp.hs.u32 %p0, %r0, %r1; selp.b32 %r9, 1, 2, %p0;"] = (a, b, _) => a >= b ? 1u : 2,
        ["setp.gt.u32 %p1, %r1, %r2; setp.ne.and.s32 %p0|%p2, %r0, %r1, %p1; selp.b32 %r8, 1, 0, %p0; selp.b32 %r9, 2, 0, %p2; add.s32 %r9, %r9, %r8;"]
            = (a, b, c) => b > c ? (a != b ? 1u : 2) : 0,
        ["set.eq.u32.u32 %r9, %r0, %r1;"] = (a, b, _) => a == b ? uint.MaxValue : 0,
        ["cvt.u32.u8 %r9, %r0;"] = (a, _, _) => (byte)a,
        ["cvt.s32.s8 %r9, %r0;"] = (a, _, _) => (uint)(sbyte)a,
        ["cvt.s32.s16 %r9, %h0;"] = (a, _, _) => (uint)(short)a,
        ["cvt.u16.u32 %h3, %r0; cvt.u32.u16 %r9, %h3;"] = (a, _, _) => (ushort)a,
        ["cvt.sat.s8.s32 %r9, %r0;"] = (a, _, _) => (uint)Math.Clamp((int)a, -128, 127),
        ["mov.b64 %d1, {%r0, %r1}; mov.b64 {_, %r9}, %d1;"] = (_, b, _) => b,
        ["mov.b64 %d1, {%r0, %r1}; mov.b64 %d2, {%r1, %r2}; add.s64 %d1, %d1, %d2; mov.b64 {_, %r9}, %d1;"] = (a, b, c) => (uint)((((ulong)b << 32) + a + ((ulong)c << 32) + b) >> 32),
        ["mov.b64 %d1, {%r0, %r1}; mov.b64 %d2, {%r1, %r2}; mul.hi.u64 %d1, %d1, %d2; cvt.u32.u64 %r9, %d1;"]
            = (a, b, c) => (uint)(ulong)(((BigInteger)(((ulong)b << 32) | a) * (((ulong)c << 32) | b) >> 64) & ulong.MaxValue),
        ["mov.b64 %d1, {%r0, %r1}; shr.s64 %d1, %d1, %r2; cvt.u32.u64 %r9, %d1;"] = (a, b, c) => (uint)((long)(((ulong)b << 32) | a) >> (int)Math.Min(c, 63)),
    };

    private static uint Sign(uint bit) => (bit & 1) != 0 ? uint.MaxValue : 0;

    [Theory]
    [MemberData(nameof(Integers))]
    public void Integer_RandomOperands_AsTheManualSays(string instruction) => Check(instruction, IntegerCases[instruction], nan: false);

    public static TheoryData<string> Floats() => [.. FloatCases.Keys];

    private static readonly Dictionary<string, Func<uint, uint, uint, uint>> FloatCases = new()
    {
        ["add.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => B(F(a) + F(b)),
        ["sub.rn.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => B(F(a) - F(b)),
        ["mul.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => B(F(a) * F(b)),
        ["mul.ftz.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => B(Z(Z(F(a)) * Z(F(b)))),
        ["add.sat.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => float.IsNaN(F(a) + F(b)) ? 0 : B(Math.Clamp(F(a) + F(b), 0, 1)),
        ["fma.rn.f32 %f9, %f0, %f1, %f2; mov.b32 %r9, %f9;"] = (a, b, c) => B(MathF.FusedMultiplyAdd(F(a), F(b), F(c))),
        ["div.rn.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => B(F(a) / F(b)),
        ["sqrt.rn.f32 %f9, %f0; mov.b32 %r9, %f9;"] = (a, _, _) => B(MathF.Sqrt(F(a))),
        ["rcp.rn.f32 %f9, %f0; mov.b32 %r9, %f9;"] = (a, _, _) => B(1 / F(a)),
        ["neg.f32 %f9, %f0; mov.b32 %r9, %f9;"] = (a, _, _) => a ^ 0x80000000,
        ["abs.f32 %f9, %f0; mov.b32 %r9, %f9;"] = (a, _, _) => a & 0x7fffffff,
        ["max.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => float.IsNaN(F(a)) ? b : float.IsNaN(F(b)) ? a : B(MathF.Max(F(a), F(b))),
        ["min.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => float.IsNaN(F(a)) ? b : float.IsNaN(F(b)) ? a : B(MathF.Min(F(a), F(b))),
        ["max.NaN.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => float.IsNaN(F(a)) || float.IsNaN(F(b)) ? 0x7fffffffu : B(MathF.Max(F(a), F(b))),
        ["setp.lt.f32 %p0, %f0, %f1; selp.b32 %r9, 1, 2, %p0;"] = (a, b, _) => F(a) < F(b) ? 1u : 2,
        ["setp.geu.f32 %p0, %f0, %f1; selp.b32 %r9, 1, 2, %p0;"] = (a, b, _) => F(a) < F(b) ? 2u : 1,
        ["setp.ne.f32 %p0, %f0, %f1; selp.b32 %r9, 1, 2, %p0;"] = (a, b, _) => F(a) < F(b) || F(a) > F(b) ? 1u : 2,
        ["setp.nan.f32 %p0, %f0, %f1; selp.b32 %r9, 1, 2, %p0;"] = (a, b, _) => float.IsNaN(F(a)) || float.IsNaN(F(b)) ? 1u : 2,
        ["cvt.rn.f32.s32 %f9, %r0; mov.b32 %r9, %f9;"] = (a, _, _) => B((float)(int)a),
        ["cvt.rz.f32.u32 %f9, %r0; mov.b32 %r9, %f9;"] = (a, _, _) => B(TowardsZero(a)),
        ["cvt.rzi.s32.f32 %r9, %f0;"] = (a, _, _) => float.IsNaN(F(a)) ? 0 : (uint)(int)Math.Clamp(Math.Truncate((double)F(a)), int.MinValue, int.MaxValue),
        ["cvt.rni.u32.f32 %r9, %f0;"] = (a, _, _) => float.IsNaN(F(a)) ? 0 : (uint)Math.Clamp(Math.Round((double)F(a), MidpointRounding.ToEven), 0, uint.MaxValue),
        ["cvt.rmi.f32.f32 %f9, %f0; mov.b32 %r9, %f9;"] = (a, _, _) => B(MathF.Floor(F(a))),
        ["cvt.sat.f32.f32 %f9, %f0; mov.b32 %r9, %f9;"] = (a, _, _) => float.IsNaN(F(a)) ? 0 : B(Math.Clamp(F(a), 0, 1)),
        ["cvt.rn.bf16.f32 %h3, %f0; cvt.u32.u16 %r9, %h3;"] = (a, _, _) => Bf(F(a)),
        ["cvt.rn.bf16x2.f32 %r9, %f0, %f1;"] = (a, b, _) => (Bf(F(a)) << 16) | Bf(F(b)),
        ["cvt.rn.relu.bf16x2.f32 %r9, %f0, %f1;"] = (a, b, _) => (Bf(F(a) < 0 ? 0 : F(a)) << 16) | Bf(F(b) < 0 ? 0 : F(b)),
        ["cvt.rz.bf16.f32 %h3, %f0; cvt.u32.u16 %r9, %h3;"] = (a, _, _) => float.IsNaN(F(a)) ? 0x7fffu : a >> 16,
        ["cvt.rn.f16.f32 %h3, %f0; cvt.u32.u16 %r9, %h3;"] = (a, _, _) => H(F(a)),
        ["cvt.rn.f16x2.f32 %r9, %f0, %f1;"] = (a, b, _) => (H(F(a)) << 16) | H(F(b)),
        ["cvt.f32.f16 %f9, %h0; mov.b32 %r9, %f9;"] = (a, _, _) => B((float)BitConverter.UInt16BitsToHalf((ushort)a)),
        ["cvt.f32.bf16 %f9, %h0; mov.b32 %r9, %f9;"] = (a, _, _) => a << 16,
        ["copysign.f32 %f9, %f0, %f1; mov.b32 %r9, %f9;"] = (a, b, _) => (b & 0x7fffffff) | (a & 0x80000000),
        ["cvt.f64.f32 %g0, %f0; cvt.f64.f32 %g1, %f1; mul.f64 %g0, %g0, %g1; cvt.rn.f32.f64 %f9, %g0; mov.b32 %r9, %f9;"] = (a, b, _) => B((float)((double)F(a) * F(b))),
        ["fma.rn.f16x2 %r9, %r0, %r1, %r2;"] = (a, b, c) => (Fh(a >> 16, b >> 16, c >> 16) << 16) | Fh(a, b, c),
        ["add.f16 %h3, %h0, %h1; cvt.u32.u16 %r9, %h3;"] = (a, b, _) => H((float)((double)Hf(a) + Hf(b))),
        ["mul.f16x2 %r9, %r0, %r1;"] = (a, b, _) => (H(Hf(a >> 16) * Hf(b >> 16)) << 16) | H(Hf(a) * Hf(b)),
        ["fma.rn.bf16 %h3, %h0, %h1, %h2; cvt.u32.u16 %r9, %h3;"] = (a, b, c) => Bf((float)(((double)F(a << 16) * F(b << 16)) + F(c << 16)), ((double)F(a << 16) * F(b << 16)) + F(c << 16)),
    };

    private static float TowardsZero(uint value)
    {
        float nearest = value;
        double exact = value;
        return nearest > exact ? MathF.BitDecrement(nearest) : nearest;
    }

    private static float Z(float x) => float.IsSubnormal(x) ? MathF.CopySign(0, x) : x;

    private static float Hf(uint bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    private static uint H(float x) => float.IsNaN(x) ? 0x7fffu : BitConverter.HalfToUInt16Bits((Half)x);

    private static uint Fh(uint a, uint b, uint c)
    {
        double sum = ((double)Hf(a) * Hf(b)) + Hf(c);
        return double.IsNaN(sum) ? 0x7fffu : BitConverter.HalfToUInt16Bits((Half)sum);
    }

    /// <summary>The nearest of the two bfloat16 around a number, the even one where both are as near.</summary>
    private static uint Bf(float x, double? exact = null)
    {
        double value = exact ?? x;
        if (double.IsNaN(value))
            return 0x7fff;
        uint below = B((float)Math.CopySign(Math.Min(Math.Abs(value), float.MaxValue), value)) >> 16;
        if (double.IsInfinity(value))
            return value > 0 ? 0x7f80u : 0xff80;
        double low = Math.Abs((double)F(below << 16)), high = (below & 0x7fff) == 0x7f7f ? Math.Pow(2, 128) : Math.Abs((double)F((below + 1) << 16)), size = Math.Abs(value);
        if (low > size)
        {
            below--; // The step over float32 rounded up past the number.
            (low, high) = (Math.Abs((double)F(below << 16)), low);
        }
        return size - low < high - size || (size - low == high - size && (below & 1) == 0) ? below : below + 1;
    }

    [Theory]
    [MemberData(nameof(Floats))]
    public void Float_RandomOperands_AsTheManualSays(string instruction) => Check(instruction, FloatCases[instruction]);

    [Theory]
    [InlineData("ex2.approx.ftz.f32")]
    [InlineData("ex2.approx.f32")]
    [InlineData("lg2.approx.f32")]
    [InlineData("rcp.approx.f32")]
    [InlineData("rcp.approx.ftz.f32")]
    [InlineData("rsqrt.approx.f32")]
    [InlineData("sqrt.approx.f32")]
    [InlineData("tanh.approx.f32")]
    [InlineData("sin.approx.f32")]
    [InlineData("cos.approx.f32")]
    public void Special_ManyNumbers_AreWrongByAsMuchAsTheManualAllows(string instruction)
    {
        float[] given = [0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, -1e-40f, 1e30f];
        float[] inputs = [.. Enumerable.Range(0, 512).Select(i => i < 240 ? (i - 120) * 1.22f : i < 480 ? 0.5f + ((i - 240) * 0.0063f) : given[i % 8])];
        float[] rounded = Special(instruction, inputs, false), found = Special(instruction, inputs, true);
        int above = 0, below = 0;
        for (int i = 0; i < 512; i++)
        {
            double x = instruction.Contains("ftz", StringComparison.Ordinal) ? Z(inputs[i]) : inputs[i];
            double expected = instruction[..3] switch
            {
                "ex2" => Math.Pow(2, x), "lg2" => Math.Log2(x), "rcp" => 1 / x, "rsq" => 1 / Math.Sqrt(x), "sqr" => Math.Sqrt(x), "tan" => Math.Tanh(x), "sin" => Math.Sin(x), _ => Math.Cos(x),
            };
            if (instruction.Contains("ftz", StringComparison.Ordinal) && Math.Abs(expected) < 1.17549435e-38)
                expected = Math.CopySign(0, expected);
            Assert.Equal((float)expected, rounded[i]);
            if (double.IsNaN(expected) || x == 0 || !float.IsFinite((float)expected) || !double.IsFinite(x))
            {
                Assert.Equal((float)expected, found[i]);
                continue;
            }
            double last = MathF.BitIncrement(Math.Abs((float)expected)) - Math.Abs((float)expected);
            double allowed = instruction[..3] switch
            {
                "ex2" => 2 * last, "rcp" => last, "rsq" => Math.Abs(expected) * Math.Pow(2, -22.9), "sqr" => Math.Abs(expected) * Math.Pow(2, -23),
                "tan" => Math.Abs(expected) * Math.Pow(2, -11), "lg2" => (x is > 0.5 and < 2 ? 1 : Math.Abs(expected)) * Math.Pow(2, -22), _ => Math.Pow(2, -20.5),
            };
            double error = found[i] - (instruction.StartsWith("ex2", StringComparison.Ordinal) ? (float)expected : expected);
            if (allowed > 0 && !(Math.Abs(error) <= allowed))
                Assert.Fail($"{instruction} of {x} gave {found[i]}: wrong by {error}, {allowed} is allowed");
            above += error > 0.4 * allowed ? 1 : 0;
            below += error < -0.4 * allowed ? 1 : 0;
        }
        // One in four, in each direction, comes near to what is allowed; negative numbers have no logarithm or root.
        Assert.InRange(above, 60, 400);
        Assert.InRange(below, 60, 400);
    }

    [Theory]
    [InlineData("")]
    [InlineData("@%p0 ")]
    public void Exponential_BesideOtherLanes_HasTheBitsItHasAlone(string guard)
    {
        // Around powers of two and anywhere: where the ways of computing it part.
        float[] inputs = [.. Enumerable.Range(0, 512).Select(i => i % 2 == 0 ? (i - 256) * 3e-9f * (1 << (i % 12)) : MathF.Sin(i) * 100)];
        // Lane 0 of each eight holds what has no usual result, running or not.
        float[] beside = [.. inputs.Select((x, i) => i % 8 == 0 ? float.NaN : x)];
        float[] alone = Run(inputs), found = Run(beside);
        for (int i = 0; i < inputs.Length; i++)
        {
            if (i % 8 != 0) Assert.True(B(alone[i]) == B(found[i]), $"2^{inputs[i]:R} is {alone[i]:R}, but {found[i]:R} beside a lane that holds NaN");
        }

        float[] Run(float[] values) =>
            new PtxProgram($"and.b32 %r0, %t, 7; setp.ne.s32 %p0, %r0, 0; ld.global.f32 %f0, [%i4]; mov.f32 %f1, 0f00000000; {guard}ex2.approx.ftz.f32 %f1, %f0; st.global.f32 [%o4], %f1;") { Threads = 512 }
                .Run<float, float>(values, 512);
    }

    private static float[] Special(string instruction, float[] inputs, bool errors) =>
        new PtxProgram($"ld.global.f32 %f0, [%i4]; {instruction} %f1, %f0; st.global.f32 [%o4], %f1;") { Threads = inputs.Length, Options = new() { ApproximateErrors = errors } }
            .Run<float, float>(inputs, inputs.Length);

    [Theory]
    [InlineData("ex2.approx.f16x2", true, -9.9)]
    [InlineData("tanh.approx.f16x2", true, -10.987)]
    [InlineData("ex2.approx.ftz.bf16x2", false, -7)]
    [InlineData("tanh.approx.bf16x2", false, -8)]
    public void Special_OfHalves_AreWrongByAsMuchAsTheManualAllows(string instruction, bool half, double power)
    {
        float Widen(ushort bits) => half ? (float)BitConverter.UInt16BitsToHalf(bits) : F((uint)bits << 16);
        ushort[] inputs = [.. Enumerable.Range(0, 256).Select(i => half ? BitConverter.HalfToUInt16Bits((Half)((i - 128) * 0.031f)) : (ushort)(B((i - 128) * 0.031f) >> 16))];
        var program = new PtxProgram($"ld.global.b32 %r0, [%i4]; {instruction} %r1, %r0; st.global.b32 [%o4], %r1;", "", "sm_90", "7.8") { Threads = 128 };
        ushort[] found = program.Run<ushort, ushort>(inputs, 256);
        bool exponential = instruction.StartsWith("ex2", StringComparison.Ordinal);
        double worst = 0;
        for (int i = 0; i < 256; i++)
        {
            double x = Widen(inputs[i]), expected = exponential ? Math.Pow(2, x) : Math.Tanh(x), allowed = Math.Pow(2, power) * (exponential ? expected : 1);
            double error = Math.Abs(Widen(found[i]) - expected);
            Assert.InRange(error, 0, allowed);
            worst = Math.Max(worst, error / allowed);
        }
        Assert.InRange(worst, 0.75, 1);
    }
}
