using LongContext.Packing;

namespace LongContext.Models.Quantization;

/// <summary>How a model is quantised.</summary>
public sealed class QuantizationOptions
{
    /// <summary>How numbers are written. Default <see cref="QuantizationFormat.Int4"/>.</summary>
    public QuantizationFormat Format { get; init; } = QuantizationFormat.Int4;

    /// <summary>
    /// Inputs that share a scale, for <see cref="QuantizationFormat.Int4"/>: a multiple of 8, at least 16; null for a whole row. A row's last group
    /// may be shorter. Default 128.
    /// </summary>
    public int? GroupSize { get; init; } = 128;

    /// <summary>Whether zero points are all 8, for <see cref="QuantizationFormat.Int4"/>; else each group has its own. Default true.</summary>
    public bool Symmetric { get; init; } = true;

    /// <summary>Whether the magnitudes of blocks are quantised too, for <see cref="QuantizationFormat.Nf4"/>. Default true.</summary>
    public bool DoubleQuantized { get; init; } = true;

    /// <summary>How codes are chosen. Default <see cref="QuantizationMethod.Rounding"/>.</summary>
    public QuantizationMethod Method { get; init; }

    /// <summary>
    /// The text that <see cref="QuantizationMethod.Gptq"/> measures inputs on: some hundred thousand tokens like those that the model is for, in packs
    /// of the lengths that it is for. Loss masks and weights do not matter. Default null: none.
    /// </summary>
    public IReadOnlyList<PackedBatch>? Calibration { get; init; }

    /// <summary>What GPTQ adds to the Hessian's diagonal, as a share of the diagonal's mean; above 0. Default 0.01.</summary>
    public double Damping { get; init; } = 0.01;

    /// <summary>
    /// Whether GPTQ takes columns in the order of how strong their inputs are, the strongest first. Groups stay where they are (their scales are
    /// chosen beforehand), so that the file needs no order of columns. Default true.
    /// </summary>
    public bool ActivationOrder { get; init; } = true;

    /// <summary>
    /// Whether, within a layer, maps see what the quantised ones before them give (queries, keys and values, then the output projection, then gate
    /// and up, then down): five forward passes of each layer in place of two. Default true.
    /// </summary>
    public bool Sequential { get; init; } = true;

    /// <summary>
    /// Maps that stay as they are, by the last part of their names, such as "down_proj", or by the whole, such as "model.layers.0.mlp.down_proj".
    /// Embedding, norms and head always do; the names of embedding and head may stand here, as in other programs' lists. A name of no matrix is refused. Default: none.
    /// </summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>
    /// A folder for the calibration's hidden states, which must exist; they take (tokens × hidden size) numbers of the model's type. Default null: the
    /// host's memory.
    /// </summary>
    public string? ScratchFolder { get; init; }

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate(string parameter)
    {
        var faults = new List<string>();
        if (!Enum.IsDefined(Format)) faults.Add($"Format is {(int)Format}, expected one of the named values");
        if (!Enum.IsDefined(Method)) faults.Add($"Method is {(int)Method}, expected one of the named values");
        if (GroupSize is { } size && (size < 16 || size % 8 != 0)) faults.Add($"GroupSize is {size}, expected null or a multiple of 8 from 16 on");
        if (!(Damping > 0 && double.IsFinite(Damping))) faults.Add($"Damping is {Damping}, expected a number above 0");
        if (Excluded is null) faults.Add("Excluded is null, expected a list, which may be empty");
        else if (Excluded.Any(string.IsNullOrEmpty)) faults.Add("Excluded holds an empty name");
        if (Method == QuantizationMethod.Gptq && (Calibration is null || Calibration.Count == 0)) faults.Add("Calibration is empty, but Method is Gptq, which needs text");
        if (Calibration?.Any(pack => pack is null) ?? false) faults.Add("Calibration holds null");
        if (ScratchFolder is not null && !Directory.Exists(ScratchFolder)) faults.Add($"ScratchFolder '{ScratchFolder}' is not there");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(QuantizationOptions)}: {string.Join("; ", faults)}.", parameter);
    }

    /// <summary>Whether a matrix is quantised, by its name.</summary>
    internal bool Takes(string name, long[] shape) =>
        WeightQuantizer.Takes(name, shape) && name.EndsWith(".weight", StringComparison.Ordinal)
        && !Excluded.Any(excluded => Names(excluded, name[..^".weight".Length]));

    /// <summary>Whether an excluded name is a map's, or the last part of it.</summary>
    internal static bool Names(string excluded, string module) => module == excluded || module.EndsWith("." + excluded, StringComparison.Ordinal);
}
