using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Attention;

public sealed unsafe class CacheFormatTests
{
    [Theory]
    [InlineData(CacheFormat.Float32, 64)]
    [InlineData(CacheFormat.BFloat16, 128)]
    [InlineData(CacheFormat.Float8, 72)]
    [InlineData(CacheFormat.Int8, 5)]
    public void Round_EachFormat_KeepsItsErrorBound(object formatObject, int size)
    {
        var format = (CacheFormat)formatObject;
        for (int seed = 0; seed < 200; seed++)
        {
            float[] source = Row(size, seed), back = Back(format, source, out float scale);
            float largest = source.Max(MathF.Abs);
            for (int i = 0; i < size; i++)
            {
                double error = Math.Abs((double)source[i] - back[i]), bound = format switch
                {
                    CacheFormat.Float32 => 0,
                    CacheFormat.BFloat16 => Math.Abs(source[i]) / 256,
                    CacheFormat.Int8 => largest / 254 * 1.00001,
                    _ => Math.Max(Math.Abs(source[i]) / 16 * 1.00001, scale / 1024 * 1.00001),
                };
                Assert.True(error <= bound, $"{format} seed {seed}: {source[i]} became {back[i]}.");
            }
        }
    }

    [Fact]
    public void Float8_EveryCode_ReadsAsE4M3AndRoundsToItself()
    {
        byte* codes = stackalloc byte[16];
        byte* target = stackalloc byte[64];
        for (int code = 0; code < 256; code++)
        {
            if ((code & 0x7F) == 0x7F) continue;
            new Span<byte>(codes, 16).Fill((byte)code);
            int exponent = (code >> 3) & 15, mantissa = code & 7;
            double expected = (exponent == 0 ? mantissa / 512.0 : Math.ScaleB(1 + (mantissa / 8.0), exponent - 7)) * (code >= 128 ? -1 : 1);
            float read = Float8Elements.Load(codes)[11];
            Assert.Equal(expected, read);
            Assert.Equal(code, CacheRounding.ToFloat8(read));
            // 448 makes the scale 1; a whole vector and a single number round alike.
            float[] row = [448, read, .. new float[14], read];
            fixed (float* r = row) Assert.Equal(1, CacheRounding.Round(CacheFormat.Float8, r, row.Length, target));
            Assert.Equal(code, target[1]);
            Assert.Equal(code, target[16]);
            // Halfway to the next code, the even one wins.
            if ((code & 0x7F) == 0x7E) continue;
            new Span<byte>(codes, 16).Fill((byte)(code + 1));
            float middle = (read + Float8Elements.Load(codes)[0]) / 2;
            Assert.Equal(code + (code & 1), CacheRounding.ToFloat8(middle));
            row[1] = middle;
            fixed (float* r = row) _ = CacheRounding.Round(CacheFormat.Float8, r, row.Length, target);
            Assert.Equal(code + (code & 1), target[1]);
        }
    }

    [Theory]
    [InlineData(CacheFormat.Float8)]
    [InlineData(CacheFormat.Int8)]
    public void Round_ZerosAndNonFinite_GiveZerosAndNaN(object formatObject)
    {
        var format = (CacheFormat)formatObject;
        Assert.All(Back(format, new float[20], out _), x => Assert.Equal(0, x));
        Assert.All(Back(format, [1, float.NaN, 2], out _), x => Assert.True(float.IsNaN(x)));
        Assert.All(Back(format, [1, float.PositiveInfinity, 2], out _), x => Assert.True(float.IsNaN(x)));
        Assert.All(Back(format, [1e-41f, 3e-42f], out _), x => Assert.Equal(0, x));
    }

    [Theory]
    [InlineData(0, 64, 64)]
    [InlineData(1, 0, 64)]
    [InlineData(1, 257, 64)]
    [InlineData(1, 64, 0)]
    [InlineData(1, 64, 40)]
    public void CacheLayout_BadNumbers_AreRefused(int keyHeads, int headSize, int pageTokens) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CacheLayout(keyHeads, headSize, pageTokens, CacheFormat.Int8));

    [Theory]
    [InlineData(CacheFormat.BFloat16, 64)]
    [InlineData(CacheFormat.Float8, 80)]
    [InlineData(CacheFormat.Int8, 33)]
    [InlineData(CacheFormat.Int8, 64)]
    [InlineData(CacheFormat.Int8, 256)]
    public void Forward_RoundedCache_IsExactForWhatTheCacheHolds(object formatObject, int headSize)
    {
        var format = (CacheFormat)formatObject;
        var layout = new CacheLayout(2, headSize, 64, format);
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(layout, 4, 700, seed: 3);
        var settings = new AttentionSettings { Heads = 4, Scale = 0.2f, SoftCap = 20, Window = 600 };
        float[] output = sequence.Run(team, attention, settings, 200, 3);
        float[] keys = Rounded(sequence.Keys, out _), values = Rounded(sequence.Values, out float[] scales);
        // Products with int8 are of integers: a weight that lies halfway between two may be one more or less than the oracle's, 1/32767 of the largest.
        bool isInteger = format == CacheFormat.Int8;
        List<double> errors = [];
        foreach (int position in new[] { 0, 1, 64, 333, 699 })
        {
            double[] expected = AttentionOracle.Row(sequence, settings, position, keys, values, isInteger ? scales : null);
            for (int i = 0; i < expected.Length; i++) errors.Add(Math.Abs(expected[i] - output[(position * expected.Length) + i]));
        }

        Assert.InRange(errors.Max(), 0, isInteger ? 2e-5 : 5e-6);
        Assert.InRange(errors.Average(), 0, isInteger ? 1.5e-6 : 2e-7);

        float[] Rounded(float[] numbers, out float[] scales)
        {
            var found = new float[numbers.Length / headSize];
            float[] back = [.. Enumerable.Range(0, found.Length).SelectMany(row => Back(format, numbers[(row * headSize)..((row + 1) * headSize)], out found[row]))];
            scales = found;
            return back;
        }
    }

    private static float[] Row(int size, int seed)
    {
        var random = new Random(seed);
        float scale = MathF.ScaleB(1, random.Next(-20, 20));
        return [.. Enumerable.Range(0, size).Select(_ => scale * (float)((random.NextDouble() * 2) - 1) * (random.Next(5) == 0 ? 1e-3f : 1))];
    }

    private static float[] Back(CacheFormat format, float[] source, out float scale)
    {
        int padded = (source.Length + 15) / 16 * 16;
        byte[] codes = new byte[padded * 4];
        float[] back = new float[padded];
        fixed (float* s = source, b = back)
        fixed (byte* c = codes)
        {
            scale = CacheRounding.Round(format, s, source.Length, c);
            for (int i = 0; i < padded; i += 16)
            {
                System.Runtime.Intrinsics.Vector512<float> read = format switch
                {
                    CacheFormat.Float32 => Float32Elements.Load(c + (i * 4)),
                    CacheFormat.BFloat16 => BFloat16Elements.Load(c + (i * 2)),
                    CacheFormat.Float8 => Float8Elements.Load(c + i),
                    _ => System.Runtime.Intrinsics.Vector512.Create([.. codes[i..(i + 16)].Select(code => (float)(sbyte)code)]),
                };
                System.Runtime.Intrinsics.Vector512.Store(read, b + i);
            }
        }

        float by = scale;
        return Array.ConvertAll(back[..source.Length], x => x * by);
    }
}
