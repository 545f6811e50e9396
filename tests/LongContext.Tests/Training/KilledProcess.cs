using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using LongContext.TestSupport;

namespace LongContext.Tests.Training;

/// <summary>One life of <see cref="KilledTraining"/>: this very test program, started again.</summary>
internal sealed class KilledProcess : IDisposable
{
    private readonly Process process;
    private readonly BlockingCollection<string> lines = [];
    private readonly ConcurrentQueue<string> errors = new();

    public KilledProcess(string checkpoints, string log, int steps)
    {
        ProcessStartInfo start = OwnProgram.With(KilledTraining.Name, checkpoints, log, steps.ToString(CultureInfo.InvariantCulture));
        start.RedirectStandardError = true;
        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null) lines.CompleteAdding();
            else lines.Add(line.Data);
        };
        process.ErrorDataReceived += (_, line) => errors.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The next line it says; null when it has ended.</summary>
    public string? Line() => lines.TryTake(out string? line, TimeSpan.FromMinutes(2)) ? line
        : lines.IsCompleted ? null : throw new TimeoutException("The training has said nothing for two minutes.");

    /// <summary>Lets it come to its end.</summary>
    public void AwaitSuccess()
    {
        while (Line() is not null)
        {
        }

        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"The training ended with {process.ExitCode}: {string.Join('\n', errors)}");
    }

    /// <summary>SIGKILL. Fails where it had ended by itself: it must still have been training.</summary>
    public void Kill()
    {
        bool ended = process.HasExited;
        process.Kill();
        process.WaitForExit();
        Assert.False(ended, $"The training had ended with {process.ExitCode} before it was killed: {string.Join('\n', errors)}");
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.WaitForExit(); // its last lines too: nobody adds to what is disposed
        process.Dispose();
        lines.Dispose();
    }
}
