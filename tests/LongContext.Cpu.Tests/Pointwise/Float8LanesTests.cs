using System.Runtime.Intrinsics;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Tests.Linear;

namespace LongContext.Cpu.Tests.Pointwise;

public sealed unsafe class Float8LanesTests
{
    [Fact]
    public void Load_EveryCodeInEveryPlace_IsItsNumber()
    {
        Assert.SkipUnless(Float8Lanes.IsSupported, "The processor has no AVX-512 VBMI.");
        byte* codes = stackalloc byte[64];
        float* numbers = stackalloc float[64];
        for (int first = 0; first < 256; first++)
        {
            for (int i = 0; i < 64; i++) codes[i] = (byte)(first + (i * 5));
            Float8Lanes.Load(codes, out Vector512<float> a, out Vector512<float> b, out Vector512<float> c, out Vector512<float> d);
            a.Store(numbers);
            b.Store(numbers + 16);
            c.Store(numbers + 32);
            d.Store(numbers + 48);
            for (int i = 0; i < 64; i++)
            {
                float expected = (float)LinearSample.Float8(codes[i]);
                if (float.IsNaN(expected)) Assert.True(float.IsNaN(numbers[i]));
                else Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(numbers[i]));
            }
        }
    }
}
