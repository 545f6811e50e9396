namespace LongContext.Benchmarks.Harness;

/// <summary>What one call of each of a suite's benchmarks gets through; the rate column divides it by the median time.</summary>
/// <param name="unit">What is counted, in the plural, for example <c>tokens</c>.</param>
/// <param name="amount">How many in one call; or, with <see cref="Parameter"/>, how many for each unit of that parameter.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class WorkAttribute(string unit, double amount = 1) : Attribute
{
    /// <summary>What is counted.</summary>
    public string Unit => unit;

    /// <summary>How many in one call, before <see cref="Parameter"/>.</summary>
    public double Amount => amount;

    /// <summary>Name of the suite's parameter that the amount is multiplied by; null for none.</summary>
    public string? Parameter { get; init; }
}
