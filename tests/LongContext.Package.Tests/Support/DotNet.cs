using System.Diagnostics;
using System.Text;

namespace LongContext.Package.Tests.Support;

/// <summary>Runs the SDK's commands, and programs, as a user's shell would.</summary>
internal static class DotNet
{
    private static readonly Lazy<bool> s_sdk = new(() =>
    {
        try
        {
            return Run(Path.GetTempPath(), TimeSpan.FromMinutes(1), "--list-sdks").Output.Trim().Length > 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    /// <summary>The package cache of this user.</summary>
    public static string PackageCache { get; } =
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public static void SkipWithoutSdk() => Assert.SkipUnless(s_sdk.Value, "no .NET SDK on this machine, only a runtime");

    /// <summary>Runs to the end; a command that fails fails the test with all that it wrote.</summary>
    public static string Succeed(string folder, params string[] arguments)
    {
        (int exitCode, string output) = Run(folder, TimeSpan.FromMinutes(8), arguments);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
        return output;
    }

    public static (int ExitCode, string Output) Run(string folder, TimeSpan limit, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // A test run started by the SDK hands down variables that tie a build to that SDK's process.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";

        var output = new StringBuilder();
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            Append($"(stopped after {limit})");
        }

        process.WaitForExit();
        return (process.ExitCode, output.ToString());

        void Append(string? line)
        {
            if (line is null) return;
            lock (output) output.AppendLine(line);
        }
    }
}
