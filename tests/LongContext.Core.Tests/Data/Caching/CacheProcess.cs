using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using LongContext.TestSupport;

namespace LongContext.Data.Caching;

/// <summary>One life of <see cref="CacheBuildingProgram"/>: this very test program, started again.</summary>
internal sealed class CacheProcess : IDisposable
{
    private readonly Process process;
    private readonly BlockingCollection<string> lines = [];

    /// <param name="folder">The folder of caches.</param>
    /// <param name="count">Items.</param>
    /// <param name="pause">Milliseconds for each hundred items.</param>
    /// <param name="shell">A shell's command before it, for limits; null for none.</param>
    public CacheProcess(string folder, int count, int pause = 0, string? shell = null)
    {
        ProcessStartInfo start = OwnProgram.With(CacheBuildingProgram.Name, folder, count.ToString(CultureInfo.InvariantCulture), pause.ToString(CultureInfo.InvariantCulture));
        if (shell is not null) start = new("/bin/sh", ["-c", shell + "; exec \"$@\"", "sh", start.FileName, .. start.ArgumentList]);
        start.RedirectStandardOutput = true;
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // its mapping would be a file above the limit
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null) lines.CompleteAdding();
            else lines.Add(line.Data);
        };
        process.Start();
        process.BeginOutputReadLine();
    }

    /// <summary>The next line it says; null when it has ended.</summary>
    public string? Line() => lines.TryTake(out string? line, TimeSpan.FromMinutes(2)) ? line
        : lines.IsCompleted ? null : throw new TimeoutException("The process has said nothing for two minutes.");

    public void Await(string expected)
    {
        while (Line() is { } line)
        {
            if (line == expected) return;
        }

        Assert.Fail($"The process ended with {process.ExitCode} before it said '{expected}'.");
    }

    /// <summary>All that it says up to its end, and its exit code.</summary>
    public (string[] Lines, int ExitCode) End()
    {
        List<string> said = [];
        while (Line() is { } line) said.Add(line);
        process.WaitForExit();
        return ([.. said], process.ExitCode);
    }

    /// <summary>SIGKILL, whatever it does.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.WaitForExit(); // its last lines too: nobody adds to what is disposed
        process.Dispose();
        lines.Dispose();
    }
}
