using LongContext.Models.Quantization;
using LongContext.Packing;
using LongContext.Samples.Shared;

namespace LongContext.Samples.QuantizeModel;

/// <summary>A way to quantise, by its name on the command line.</summary>
internal sealed record QuantizationChoice(string Name, QuantizationFormat Format, QuantizationMethod Method, int GroupSize)
{
    private const string Calibrated = "-gptq";

    /// <summary>What there is, the largest first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["int8", "float8", "int4", "int4-gptq", "nf4", "nf4-gptq"];

    /// <summary>The choices of some names.</summary>
    /// <exception cref="UsageException">A name is unknown or stands there twice, or there is none.</exception>
    public static QuantizationChoice[] Parse(IReadOnlyList<string> names, int groupSize)
    {
        if (names.Count == 0) throw new UsageException("--formats is empty, expected at least one.");
        if (names.FirstOrDefault(name => !Names.Contains(name)) is { } unknown) throw new UsageException($"--formats has '{unknown}', expected some of {string.Join(", ", Names)}.");
        if (names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new UsageException($"--formats has '{twice.Key}' twice.");
        return [.. names.Select(name => Create(name, groupSize))];
    }

    /// <summary>The library's options.</summary>
    /// <param name="calibration">The text that GPTQ measures inputs on.</param>
    public QuantizationOptions ToOptions(IReadOnlyList<PackedBatch> calibration) => new()
    {
        Format = Format,
        Method = Method,
        GroupSize = GroupSize,
        Calibration = Method == QuantizationMethod.Gptq ? calibration : null,
    };

    private static QuantizationChoice Create(string name, int groupSize)
    {
        bool calibrated = name.EndsWith(Calibrated, StringComparison.Ordinal);
        QuantizationFormat format = (calibrated ? name[..^Calibrated.Length] : name) switch
        {
            "int8" => QuantizationFormat.Int8,
            "float8" => QuantizationFormat.Float8,
            "nf4" => QuantizationFormat.Nf4,
            _ => QuantizationFormat.Int4,
        };
        return new QuantizationChoice(name, format, calibrated ? QuantizationMethod.Gptq : QuantizationMethod.Rounding, groupSize);
    }
}
