using System.Diagnostics;
using System.Reflection;

namespace LongContext.Benchmarks.Harness;

/// <summary>This program once more, for what needs a fresh process.</summary>
internal static class OwnProcess
{
    /// <summary>Runs it to its end and returns its exit code.</summary>
    public static int Run(params string[] arguments)
    {
        string program = Environment.ProcessPath!;
        // Started as `dotnet X.dll` the program is the host, and the assembly its first argument.
        bool hosted = Path.GetFileNameWithoutExtension(program) == "dotnet";
        using Process child = Process.Start(program, hosted ? [Assembly.GetExecutingAssembly().Location, .. arguments] : arguments);
        child.WaitForExit();
        return child.ExitCode;
    }
}
