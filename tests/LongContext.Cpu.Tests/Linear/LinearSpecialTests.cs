using LongContext.Cpu.Linear;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Linear;

/// <summary>Every code of the narrow formats, numbers that are not finite, and allocations.</summary>
public sealed unsafe class LinearSpecialTests
{
    private static readonly int[] RowCounts = [1, 2, 4, 6, 20];

    [Theory]
    [InlineData(WeightFormat.BFloat16)]
    [InlineData(WeightFormat.Float16)]
    public void Apply_EveryCodeOf16Bits_IsItsNumber(object boxed)
    {
        var format = (WeightFormat)boxed;
        var codes = new ushort[65536 * 16];
        for (int code = 0; code < 65536; code++) codes[(code * 16) + (code % 16)] = (ushort)code; // alone in its row, so that NaN stays there
        EachIs(format, codes.AsSpan(), 65536, code => format == WeightFormat.Float16 ? (float)BitConverter.UInt16BitsToHalf((ushort)code) : BitConverter.Int32BitsToSingle(code << 16));
    }

    [Fact]
    public void Apply_Float16ThatIsNotFiniteAmongManyWeights_ReachesItsOutputAlone()
    {
        using var team = new CpuTeam(1);
        const int Inputs = 112, Outputs = 9;
        var codes = new ushort[Inputs * Outputs];
        var x = new float[Inputs];
        Array.Fill(codes, BitConverter.HalfToUInt16Bits((Half)0.5f));
        Array.Fill(x, 2);
        for (int place = 0; place < Inputs; place++)
        {
            foreach (ushort special in (ushort[])[0x7C00, 0xFC00, 0x7E00, 0xFC01, 0x7BFF])
            {
                codes[(4 * Inputs) + place] = special;
                var y = new float[Outputs];
                fixed (ushort* address = codes)
                fixed (float* from = x, to = y)
                {
                    LinearKernel.Apply(team, new WeightMatrix { Format = WeightFormat.Float16, Outputs = Outputs, Inputs = Inputs, Codes = (nint)address }, from, Inputs, to, Outputs, 1);
                }

                float expected = (2 * (float)BitConverter.UInt16BitsToHalf(special)) + Inputs - 1;
                for (int output = 0; output < Outputs; output++) Assert.Equal(output == 4 ? expected : Inputs, y[output]);
                codes[(4 * Inputs) + place] = codes[0];
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.Int8)]
    [InlineData(WeightFormat.Float8)]
    public void Apply_EveryCodeOf8Bits_IsItsNumber(object boxed)
    {
        var format = (WeightFormat)boxed;
        var codes = new byte[256 * 16];
        for (int code = 0; code < 256; code++) codes[(code * 16) + (code % 16)] = (byte)code;
        EachIs(format, codes.AsSpan(), 256, code => format == WeightFormat.Int8 ? (sbyte)code : (float)LinearSample.Float8(code));
    }

    [Fact]
    public void Apply_NotFiniteInput_StaysInItsRow()
    {
        using var team = new CpuTeam(2);
        foreach (WeightFormat format in LinearSample.Formats)
        {
            using var sample = new LinearSample(format, 21, 98, 20, 3);
            float[] sound = sample.Apply(team, 0, 20);
            sample.X[(7 * sample.XStride) + 97] = float.NaN;
            sample.X[(13 * sample.XStride) + 40] = float.PositiveInfinity;
            float[] got = sample.Apply(team, 0, 20);
            for (int row = 0; row < 20; row++)
            {
                for (int output = 0; output < 21; output++)
                {
                    float value = got[(row * 21) + output];
                    if (row == 7) Assert.True(float.IsNaN(value));
                    else if (row == 13) Assert.False(float.IsFinite(value));
                    else Assert.Equal(sound[(row * 21) + output], value);
                }
            }

            float[] alone = sample.Apply(team, 7, 1);
            Assert.All(alone, value => Assert.True(float.IsNaN(value)));
        }
    }

    [Fact]
    public void Apply_BeyondTheLastInput_IsNotRead()
    {
        // A row's neighbour holds NaN: a lane that read on would show it.
        using var team = new CpuTeam(1);
        float* memory = stackalloc float[64];
        new Span<float>(memory, 64).Fill(float.NaN);
        new Span<float>(memory, 19).Fill(1);
        var weight = new WeightMatrix { Format = WeightFormat.Float32, Outputs = 1, Inputs = 19, Codes = (nint)memory };
        float* y = stackalloc float[3];
        float* x = stackalloc float[64];
        new Span<float>(x, 64).Fill(float.NaN);
        for (int row = 0; row < 3; row++) new Span<float>(x + (row * 20), 19).Fill(row + 1);
        LinearKernel.Apply(team, weight, x, 20, y, 1, 3);
        Assert.Equal([19f, 38f, 57f], new Span<float>(y, 3).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Apply_SteadyState_AllocatesNothing(int workers)
    {
        using var team = new CpuTeam(workers);
        foreach (WeightFormat format in LinearSample.Formats)
        {
            using var sample = new LinearSample(format, 64, 128, 20, 3);
            var y = new float[20 * 70];
            fixed (float* address = y)
            {
                // The least of all rounds: what the runtime allocates now and then is not the kernel's.
                long least = long.MaxValue;
                for (int round = 0; round < 60; round++)
                {
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    foreach (int rows in RowCounts) LinearKernel.Apply(team, sample.Weight, sample.X, sample.XStride, address, 70, rows, sample.Bias);
                    least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
                }

                Assert.Equal(0, least);
            }
        }
    }

    private static void EachIs<TCode>(WeightFormat format, Span<TCode> codes, int count, Func<int, float> value)
        where TCode : unmanaged
    {
        using var team = new CpuTeam(2);
        var scales = new float[count];
        Array.Fill(scales, 1);
        foreach (int rows in (int[])[1, 2, 4, 6, 13])
        {
            var x = new float[rows * 16];
            Array.Fill(x, 1);
            var y = new float[(long)rows * count];
            fixed (TCode* codeAddress = codes)
            fixed (float* xAddress = x, yAddress = y, scaleAddress = scales)
            {
                var weight = new WeightMatrix
                {
                    Format = format, Outputs = count, Inputs = 16, Codes = (nint)codeAddress, Scales = format is WeightFormat.Int8 or WeightFormat.Float8 ? (nint)scaleAddress : 0,
                };
                LinearKernel.Apply(team, weight, xAddress, 16, yAddress, count, rows);
            }

            for (int i = 0; i < y.Length; i++)
            {
                float expected = value(i % count);
                if (float.IsNaN(expected) ? !float.IsNaN(y[i]) : expected != y[i]) Assert.Fail($"{format} code {i % count:X}: {y[i]}, not {expected}");
            }
        }
    }
}
