using System.Globalization;

namespace LongContext.Data.Cleaning;

/// <summary>Why a filter does not keep an example.</summary>
/// <param name="Rule">The rule's name, for example "mean word length".</param>
/// <param name="Value">The figure that failed.</param>
/// <param name="Expected">What it should have been, for example "3 to 10".</param>
public sealed record FilterFault(string Rule, double Value, string Expected)
{
    /// <summary>As reports name it: "mean word length 12.5, expected 3 to 10".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rule} {Value:0.####}, expected {Expected}");
}
