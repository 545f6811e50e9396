namespace LongContext.Models.Quantization;

/// <summary>How a quantised model is saved.</summary>
public sealed class QuantizedSaveOptions
{
    /// <summary>The files' form. Default <see cref="QuantizedCheckpointForm.Auto"/>.</summary>
    public QuantizedCheckpointForm Form { get; init; }

    /// <summary>Weights beyond this many bytes go into several files with an index; at least 1. Default 5·10⁹.</summary>
    public long MaximumShardBytes { get; init; } = 5_000_000_000;

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate(string parameter)
    {
        var faults = new List<string>();
        if (!Enum.IsDefined(Form)) faults.Add($"Form is {(int)Form}, expected one of the named values");
        if (MaximumShardBytes < 1) faults.Add($"MaximumShardBytes is {MaximumShardBytes}, expected at least 1");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(QuantizedSaveOptions)}: {string.Join("; ", faults)}.", parameter);
    }
}
