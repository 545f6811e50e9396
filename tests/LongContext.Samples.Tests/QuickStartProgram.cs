using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace LongContext.Samples.Tests;

/// <summary>Starts samples/QuickStart as a process and reads what it leaves.</summary>
internal static class QuickStartProgram
{
    private static readonly string Built = typeof(QuickStartProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "QuickStart").Value!;

    public static async Task<Outcome> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(Directory.Exists(Built), $"QuickStart is not built at {Built}");
        string dll = Directory.GetFiles(Built, "QuickStart.dll", SearchOption.AllDirectories).Single(path => !path.Contains("/ref", StringComparison.Ordinal));
        var start = new ProcessStartInfo("dotnet", [dll, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        long peak = 0;
        while (!process.WaitForExit(200))
        {
            try
            {
                process.Refresh();
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                break; // it ended between the two
            }
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Outcome(process.ExitCode, await output, await error, peak);
    }

    public static JsonDocument ReadReport(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "report.json")));

    /// <summary>A row's values by length.</summary>
    public static Dictionary<int, double> Row(JsonDocument report, int row, string quantity)
    {
        int[] lengths = [.. report.RootElement.GetProperty("lengths").EnumerateArray().Select(length => length.GetInt32())];
        double[] values = [.. report.RootElement.GetProperty("rows")[row].GetProperty(quantity).EnumerateArray().Select(value => value.GetDouble())];
        return lengths.Zip(values).ToDictionary();
    }

    internal sealed record Outcome(int ExitCode, string Output, string Error, long PeakBytes);
}
