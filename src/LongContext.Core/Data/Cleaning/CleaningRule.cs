namespace LongContext.Data.Cleaning;

/// <summary>What one rule left out.</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Examples">How many examples failed it first.</param>
/// <param name="Characters">Their characters (UTF-16 units).</param>
/// <param name="First">The first few of them.</param>
public sealed record CleaningRule(string Rule, long Examples, long Characters, IReadOnlyList<FilteredExample> First);
