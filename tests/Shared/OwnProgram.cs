using System.Diagnostics;

namespace LongContext.TestSupport;

/// <summary>This test program once more, for what needs a process of its own (see the projects' Program.cs).</summary>
internal static class OwnProgram
{
    /// <summary>How to start it with arguments, its output redirected.</summary>
    public static ProcessStartInfo With(params IEnumerable<string> arguments)
    {
        string program = Environment.ProcessPath!;
        // Started as `dotnet X.dll` the program is the host, and the assembly its first argument.
        IEnumerable<string> host = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(OwnProgram).Assembly.Location] : [];
        return new ProcessStartInfo(program, [.. host, .. arguments]) { RedirectStandardOutput = true };
    }
}
