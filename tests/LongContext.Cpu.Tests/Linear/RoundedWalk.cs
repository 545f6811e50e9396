using LongContext.Cpu.Linear;

namespace LongContext.Cpu.Tests.Linear;

/// <summary>Products of rounded inputs with 4-bit codes by their definition, one number at a time.</summary>
internal static unsafe class RoundedWalk
{
    /// <summary>A result, and how far rounding may have moved it: half a step of each input times the weight.</summary>
    public static (float Value, double Moved) Of(LinearSample sample, int row, int output)
    {
        WeightMatrix weight = sample.Weight;
        float* x = sample.X + (row * sample.XStride);
        Span<float> sums = stackalloc float[4];
        sums.Clear();
        double moved = 0;
        for (int block = 0; block < weight.Inputs / 32; block++)
        {
            (float scale, int[] codes) = Round(x + (block * 32));
            long group = (output * (long)(weight.Inputs / weight.GroupSize)) + (block * 32 / weight.GroupSize);
            float weightScale = ((float*)weight.Scales)[group];
            int zero = weight.Zeros == 0 ? 8 : ((byte*)weight.Zeros)[group], integer = 0;
            for (int i = 0; i < 32; i++)
            {
                long place = ((long)output * weight.Inputs) + (block * 32) + i;
                int pair = ((byte*)weight.Codes)[place / 2], code = place % 2 == 0 ? pair & 15 : pair >> 4;
                integer += (code - zero) * codes[i];
                moved += Math.Abs(code - zero) * (double)weightScale * scale * 0.5;
            }

            sums[block % 4] = MathF.FusedMultiplyAdd(integer, weightScale * scale, sums[block % 4]);
        }

        return ((sums[0] + sums[2]) + (sums[1] + sums[3]), moved);
    }

    /// <summary>Scale and codes of 32 numbers.</summary>
    public static (float Scale, int[] Codes) Round(float* x)
    {
        float largest = 0;
        for (int i = 0; i < 32; i++) largest = Math.Max(largest, Math.Abs(x[i]));
        var codes = new int[32];
        if (largest < 1e-30f) return (0, codes);
        for (int i = 0; i < 32; i++) codes[i] = Math.Clamp((int)MathF.Round(x[i] * (127 / largest)), -127, 127);
        return (largest / 127, codes);
    }
}
