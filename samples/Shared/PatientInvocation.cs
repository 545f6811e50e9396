using System.CommandLine;
using System.Runtime.InteropServices;

namespace LongContext.Samples.Shared;

/// <summary>Ctrl+C and the end that a service manager asks for.</summary>
internal static class PatientInvocation
{
    /// <summary>
    /// Runs a command. The first signal cancels it, and waits for what it does then: a checkpoint of a real model takes longer than the two seconds of the default, and answers under way too.
    /// The second ends the process at once.
    /// </summary>
    public static async Task<int> InvokeAsync(RootCommand command, string[] args)
    {
        int signals = 0;
        using PosixSignalRegistration interrupts = PosixSignalRegistration.Create(PosixSignal.SIGINT, Count), ends = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count);
        return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan });

        void Count(PosixSignalContext context)
        {
            context.Cancel = true;
            if (Interlocked.Increment(ref signals) == 2) Environment.Exit(context.Signal == PosixSignal.SIGINT ? 130 : 143);
        }
    }
}
