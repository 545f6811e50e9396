using System.Text.Json;

namespace LongContext.Samples.Tests;

/// <summary>Starts samples/QuickStart as a process and reads what it leaves.</summary>
internal static class QuickStartProgram
{
    public static Task<SampleProgram.Outcome> RunAsync(params string[] arguments) => SampleProgram.RunAsync("QuickStart", arguments);

    public static JsonDocument ReadReport(string folder) => SampleProgram.ReadReport(folder);

    /// <summary>A row's values by length.</summary>
    public static Dictionary<int, double> Row(JsonDocument report, int row, string quantity)
    {
        int[] lengths = [.. report.RootElement.GetProperty("lengths").EnumerateArray().Select(length => length.GetInt32())];
        double[] values = [.. report.RootElement.GetProperty("rows")[row].GetProperty(quantity).EnumerateArray().Select(value => value.GetDouble())];
        return lengths.Zip(values).ToDictionary();
    }
}
