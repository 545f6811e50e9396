namespace LongContext.Cpu.Linear;

/// <summary>Bytes that a matrix takes in each format.</summary>
internal static class WeightSize
{
    /// <summary>Bytes of all codes.</summary>
    public static long CodeBytes(WeightFormat format, int outputs, int inputs)
    {
        long count = (long)outputs * inputs;
        return format switch
        {
            WeightFormat.Float32 => checked(count * 4),
            WeightFormat.BFloat16 or WeightFormat.Float16 => checked(count * 2),
            WeightFormat.Int8 or WeightFormat.Float8 => count,
            WeightFormat.Int4 or WeightFormat.Nf4 => (count + 1) / 2,
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a format of weights."),
        };
    }

    /// <summary>Numbers (float32) of scales.</summary>
    /// <param name="format">How the numbers lie.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="groupSize">Int4: columns that share a scale.</param>
    public static long Scales(WeightFormat format, int outputs, int inputs, int groupSize = 0) => format switch
    {
        WeightFormat.Int8 or WeightFormat.Float8 => outputs,
        WeightFormat.Int4 => (long)outputs * (inputs / groupSize),
        WeightFormat.Nf4 => (((long)outputs * inputs) + NormalFloat.Block - 1) / NormalFloat.Block,
        _ => 0,
    };

    /// <summary>Bytes of codes, scales and, for Int4 with zero points, zeros.</summary>
    /// <param name="format">How the numbers lie.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="groupSize">Int4: columns that share a scale.</param>
    /// <param name="hasZeros">Int4: whether groups have zero points.</param>
    public static long TotalBytes(WeightFormat format, int outputs, int inputs, int groupSize = 0, bool hasZeros = false)
    {
        long scales = Scales(format, outputs, inputs, groupSize);
        return CodeBytes(format, outputs, inputs) + (scales * 4) + (format == WeightFormat.Int4 && hasZeros ? scales : 0);
    }
}
