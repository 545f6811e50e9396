namespace LongContext.Data.Cleaning;

/// <summary>Bounds on what characters a text has. Null turns a rule off; a figure at its bound passes.</summary>
public sealed record CharacterFilterOptions
{
    /// <summary>The most share of replacement characters (U+FFFD) and lone surrogates, which broken decoding leaves. Default 0.001.</summary>
    public double? ReplacementCharacters { get; init; } = 0.001;

    /// <summary>The most share of control characters other than tab, line feed, form feed and carriage return. Default 0.001.</summary>
    public double? ControlCharacters { get; init; } = 0.001;

    /// <summary>
    /// The least size that is left of the text's UTF-8 bytes by deflate: below it a text repeats itself. Default 0.1. Texts under 1,000 bytes pass.
    /// </summary>
    public double? MinimumCompressedShare { get; init; } = 0.1;

    /// <summary>The most size that is left: above it a text has no pattern (base64 comes to 0.76, prose to 0.4 to 0.6). Default 0.72.</summary>
    public double? MaximumCompressedShare { get; init; } = 0.72;

    /// <summary>The most times that one line may follow itself, blank lines left out. Default 10.</summary>
    public int? RepeatedLine { get; init; } = 10;

    internal void Validate()
    {
        List<string> faults = [];
        FilterRules.CheckShare(ReplacementCharacters, nameof(ReplacementCharacters), faults);
        FilterRules.CheckShare(ControlCharacters, nameof(ControlCharacters), faults);
        FilterRules.CheckRange(MinimumCompressedShare, MaximumCompressedShare, "compressed share", faults);
        FilterRules.CheckRange(null, RepeatedLine, "repeated lines", faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(CharacterFilterOptions)}: {string.Join("; ", faults)}.");
    }
}
