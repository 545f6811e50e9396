namespace LongContext.Cpu.Linear;

/// <summary>Checks of a <see cref="WeightMatrix"/>.</summary>
internal static unsafe class WeightMatrixCheck
{
    /// <summary>Throws where the fields do not fit together.</summary>
    public static void Check(in WeightMatrix weight)
    {
        if (!Enum.IsDefined(weight.Format)) throw Fault(nameof(weight.Format), (int)weight.Format, "one of the formats of weights");
        if (weight.Outputs < 1) throw Fault(nameof(weight.Outputs), weight.Outputs, "at least 1");
        if (weight.Inputs < 1) throw Fault(nameof(weight.Inputs), weight.Inputs, "at least 1");
        if (weight.Codes == 0) throw Fault(nameof(weight.Codes), 0, "an address");
        bool four = weight.Format is WeightFormat.Int4 or WeightFormat.Nf4;
        if (four && weight.Inputs % 2 != 0) throw Fault(nameof(weight.Inputs), weight.Inputs, $"an even number, since {weight.Format} has two codes in a byte");
        bool scaled = four || weight.HasRowScales;
        if (scaled && weight.Scales == 0) throw Fault(nameof(weight.Scales), 0, $"an address for {weight.Format}");
        if (!scaled && weight.Scales != 0) throw Fault(nameof(weight.Scales), weight.Scales, $"0, since {weight.Format} has no scales");
        if (weight.Format == WeightFormat.Int4)
        {
            if (weight.GroupSize < 1) throw Fault(nameof(weight.GroupSize), weight.GroupSize, "at least 1 for Int4");
            if (weight.Inputs % weight.GroupSize != 0) throw Fault(nameof(weight.GroupSize), weight.GroupSize, $"a divisor of {nameof(weight.Inputs)}, {weight.Inputs}");
            CheckZeros(weight);
            return;
        }

        if (weight.GroupSize != 0) throw Fault(nameof(weight.GroupSize), weight.GroupSize, $"0, since {weight.Format} has no groups");
        if (weight.Zeros != 0) throw Fault(nameof(weight.Zeros), weight.Zeros, $"0, since {weight.Format} has no zero points");
    }

    private static void CheckZeros(in WeightMatrix weight)
    {
        if (weight.Zeros == 0) return;
        var zeros = new ReadOnlySpan<byte>((void*)weight.Zeros, checked((int)WeightSize.Scales(WeightFormat.Int4, weight.Outputs, weight.Inputs, weight.GroupSize)));
        int at = zeros.IndexOfAnyExceptInRange((byte)0, (byte)15);
        if (at >= 0) throw Fault(nameof(weight.Zeros), zeros[at], $"0 … 15 (group {at})");
    }

    private static ArgumentException Fault(string field, object found, string expected) => new($"{nameof(WeightMatrix)}.{field} is {found}; expected {expected}.");
}
