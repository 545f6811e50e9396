using LongContext.Cpu.Linear;

namespace LongContext.Cpu.Tests.Linear;

public sealed class WeightEncoderTests
{
    [Fact]
    public void Float8Code_EveryCode_IsItsNumberAndComesBack()
    {
        for (int code = 0; code < 256; code++)
        {
            float value = Float8Code.Value((byte)code);
            Assert.Equal(LinearSample.Float8(code), (double)value);
            if (!float.IsNaN(value)) Assert.Equal(code, Float8Code.Of(value));
            else Assert.Equal(0x7F, Float8Code.Of(value) & 0x7F);
        }
    }

    [Fact]
    public void Float8Code_BetweenNumbers_GoesToTheNearestAndToEvenInTheMiddle()
    {
        for (int code = 0; code < 0x7E; code++)
        {
            float low = Float8Code.Value((byte)code), high = Float8Code.Value((byte)(code + 1)), middle = (low + high) / 2;
            Assert.Equal(code % 2 == 0 ? code : code + 1, Float8Code.Of(middle));
            Assert.Equal(code, Float8Code.Of(MathF.BitDecrement(middle)));
            Assert.Equal(code + 1, Float8Code.Of(MathF.BitIncrement(middle)));
            Assert.Equal((code % 2 == 0 ? code : code + 1) | 0x80, Float8Code.Of(-middle));
        }
    }

    [Fact]
    public void Float8Code_TooLarge_Saturates()
    {
        foreach (float value in (float[])[448, 449, 464, 480, 1e30f, float.MaxValue, float.PositiveInfinity])
        {
            Assert.Equal(0x7E, Float8Code.Of(value));
            Assert.Equal(0xFE, Float8Code.Of(-value));
        }
    }

    [Fact]
    public void NormalFloat_EveryNumberAndMiddle_GoesToTheNearest()
    {
        for (int code = 0; code < 16; code++) Assert.Equal(code, NormalFloat.Nearest(NormalFloat.Values[code]));
        for (int i = -1100; i <= 1100; i++)
        {
            float value = i / 1000f;
            float[] distances = [.. NormalFloat.Values.ToArray().Select(candidate => MathF.Abs(candidate - value))];
            Assert.Equal(distances.Min(), distances[NormalFloat.Nearest(value)]);
        }
    }

    [Fact]
    public unsafe void Encoders_RandomRows_ErrorIsAtMostHalfAStep()
    {
        var random = new Random(3);
        for (int round = 0; round < 50; round++)
        {
            var row = new float[256];
            for (int i = 0; i < row.Length; i++) row[i] = round == 0 ? 0 : (float)((random.NextDouble() - (round % 3 * 0.5)) * Math.Pow(10, (round % 7) - 3));
            var signed = new sbyte[256];
            float scale = WeightEncoder.Int8(row, signed);
            for (int i = 0; i < 256; i++) Assert.True(Math.Abs(row[i] - (signed[i] * (double)scale)) <= scale * 0.50001);

            var floats = new byte[256];
            scale = WeightEncoder.Float8(row, floats);
            for (int i = 0; i < 256; i++) Assert.True(Math.Abs(row[i] - (Float8Code.Value(floats[i]) * (double)scale)) <= Math.Max(Math.Abs(row[i]) / 15.99, scale / 1000));

            foreach (bool symmetric in (bool[])[true, false])
            {
                var codes = new byte[128];
                var scales = new float[8];
                var zeros = new byte[8];
                WeightEncoder.Int4(row, 32, symmetric, codes, scales, zeros);
                fixed (byte* codeAddress = codes, zeroAddress = zeros)
                fixed (float* scaleAddress = scales)
                {
                    var weight = new WeightMatrix
                    {
                        Format = WeightFormat.Int4, Outputs = 1, Inputs = 256, GroupSize = 32, Codes = (nint)codeAddress, Scales = (nint)scaleAddress, Zeros = symmetric ? 0 : (nint)zeroAddress,
                    };
                    weight.Check();
                    // Rounding the zero point may move the range's end by half a step more.
                    for (int i = 0; i < 256; i++) Assert.True(Math.Abs(row[i] - LinearSample.Value(weight, 0, i)) <= scales[i / 32] * (symmetric ? 0.50001 : 1.00001));
                }
            }

            var normal = new byte[128];
            var magnitudes = new float[4];
            WeightEncoder.Nf4(row, normal, magnitudes);
            for (int i = 0; i < 256; i++)
            {
                float value = NormalFloat.Values[i % 2 == 0 ? normal[i / 2] >> 4 : normal[i / 2] & 15] * magnitudes[i / 64];
                Assert.True(Math.Abs(row[i] - value) <= magnitudes[i / 64] * 0.1520, $"{row[i]} {value}"); // half of the widest gap, -1 … -0.696
            }
        }
    }
}
