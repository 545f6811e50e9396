using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace LongContext.Samples.Tests;

/// <summary>Starts a sample as a process and reads what it leaves.</summary>
internal static class SampleProgram
{
    public static async Task<Outcome> RunAsync(string sample, params string[] arguments)
    {
        using Process process = Start(sample, arguments);
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

    /// <summary>Starts it, for tests that end it before it has.</summary>
    public static Process Start(string sample, params string[] arguments)
    {
        string built = typeof(SampleProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == sample).Value!;
        Assert.SkipUnless(Directory.Exists(built), $"{sample} is not built at {built}");
        string dll = Directory.GetFiles(built, sample + ".dll", SearchOption.AllDirectories).Single(path => !path.Contains("/ref", StringComparison.Ordinal));
        var start = new ProcessStartInfo("dotnet", [dll, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Two samples run at a time already: threads of libtorch's beside them only wait for one another (a sixth more processor time, measured).
        start.Environment.TryAdd("OMP_NUM_THREADS", "1");
        return Process.Start(start)!;
    }

    public static JsonDocument ReadReport(string folder) => JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "report.json")));

    internal sealed record Outcome(int ExitCode, string Output, string Error, long PeakBytes)
    {
        /// <summary>The sample ended with one line that says why it cannot do as asked.</summary>
        public void AssertRefusal(string expected)
        {
            Assert.Equal(1, ExitCode);
            Assert.StartsWith("Error: ", Error, StringComparison.Ordinal);
            Assert.Contains(expected, Error, StringComparison.Ordinal);
            Assert.Single(Error.TrimEnd().Split('\n'));
        }
    }
}
