using System.Globalization;

namespace LongContext.Data.Cleaning;

/// <summary>What the rules of filters have in common.</summary>
internal static class FilterRules
{
    /// <summary>The fault of a figure above a limit; null where there is no limit.</summary>
    public static FilterFault? AtMost(string rule, double value, double? most) =>
        value > most ? new FilterFault(rule, value, "at most " + Text(most.Value)) : null;

    /// <summary>The fault of a figure below a limit; null where there is no limit.</summary>
    public static FilterFault? AtLeast(string rule, double value, double? least) =>
        value < least ? new FilterFault(rule, value, "at least " + Text(least.Value)) : null;

    public static double Share(double part, double whole) => whole == 0 ? 0 : part / whole;

    public static string Identity(string name, params ReadOnlySpan<(string Name, double? Value)> settings)
    {
        List<string> texts = [];
        foreach ((string setting, double? value) in settings) texts.Add($"{setting} {(value is { } given ? Text(given) : "off")}");
        return $"{name} ({string.Join(", ", texts)})";
    }

    public static void CheckShare(double? value, string name, List<string> faults)
    {
        if (value is { } given && !(given is >= 0 and <= 1)) faults.Add($"{name} is {Text(given)}, expected 0 to 1 or null");
    }

    public static void CheckRange(double? least, double? most, string what, List<string> faults)
    {
        if (least is { } low && !(low >= 0)) faults.Add($"the least {what} is {Text(low)}, expected at least 0 or null");
        if (most is { } high && !(high >= 0)) faults.Add($"the most {what} is {Text(high)}, expected at least 0 or null");
        if (least > most) faults.Add($"the least {what} ({Text(least.Value)}) is above the most ({Text(most.Value)})");
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
