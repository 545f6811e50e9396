namespace LongContext.Cpu.Linear;

/// <summary>Rows of 4-bit codes widened to float32.</summary>
internal static unsafe class NibbleRow
{
    /// <summary>Widens a row to sixteens that lie 64 numbers apart, zeros beyond its end.</summary>
    public static void Pack(in WeightMatrix weight, int row, float* to)
    {
        for (int input = 0; input < weight.Inputs; input++) to[(input / 16 * 64) + (input % 16)] = At(weight, row, input);
        for (int input = weight.Inputs; input % 16 != 0; input++) to[(input / 16 * 64) + (input % 16)] = 0;
    }

    /// <summary>One weight.</summary>
    public static float At(in WeightMatrix weight, int row, int input)
    {
        long place = ((long)row * weight.Inputs) + input;
        int pair = ((byte*)weight.Codes)[place / 2];
        if (weight.Format == WeightFormat.Nf4) return NormalFloat.Values[place % 2 == 0 ? pair >> 4 : pair & 15] * ((float*)weight.Scales)[place / NormalFloat.Block];
        long group = ((long)row * (weight.Inputs / weight.GroupSize)) + (input / weight.GroupSize);
        int code = place % 2 == 0 ? pair & 15 : pair >> 4;
        int zero = weight.Zeros == 0 ? 8 : ((byte*)weight.Zeros)[group];
        return (code - zero) * ((float*)weight.Scales)[group];
    }
}
