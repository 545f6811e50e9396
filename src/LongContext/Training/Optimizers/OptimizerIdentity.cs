using System.Globalization;

namespace LongContext.Training.Optimizers;

/// <summary>What an optimizer's state in a checkpoint means: tensors of the same names and shapes are not enough to go on with it.</summary>
/// <param name="Name">The optimizer.</param>
/// <param name="Settings">What the state's numbers depend on, as text.</param>
internal sealed record OptimizerIdentity(string Name, IReadOnlyDictionary<string, string> Settings)
{
    private const string MasterWeights = "MasterWeights";

    /// <param name="options">The optimizer's.</param>
    /// <param name="keepsMasters">Whether weights are kept in float32 beside those of a half type; then the state is what is updated, and the weights are copies.</param>
    public static OptimizerIdentity Of(OptimizerOptions options, bool keepsMasters)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal) { [MasterWeights] = keepsMasters.ToString() };
        foreach ((string name, object? value) in options.StateConstants) settings.Add(name, Convert.ToString(value ?? "none", CultureInfo.InvariantCulture)!);
        return new OptimizerIdentity(options.Name, settings);
    }

    /// <summary>What differs of an earlier one, in words; null where nothing does.</summary>
    public string? DifferenceFrom(OptimizerIdentity earlier)
    {
        if (earlier.Name != Name) return $"the optimizer was {earlier.Name}, here it is {Name}";
        string[] differences =
        [
            .. Settings.Keys.Union(earlier.Settings.Keys).Where(name => Settings.GetValueOrDefault(name) != earlier.Settings.GetValueOrDefault(name))
                .Select(name => $"{Name}.{name} was {earlier.Settings.GetValueOrDefault(name, "not there")}, here it is {Settings.GetValueOrDefault(name, "not there")}"),
        ];
        return differences.Length == 0 ? null : string.Join("; ", differences);
    }
}
