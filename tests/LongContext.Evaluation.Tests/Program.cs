using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Tests;
using Xunit.MicrosoftTestingPlatform;

namespace LongContext.Evaluation;

/// <summary>The tests; or, asked by its own name, a program that <see cref="KilledRunTests"/> starts.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is [KilledRun.Name, ..]) return KilledRun.Run(args);
        // As xunit's own entry point, which this one takes the place of.
        return args.Any(argument => argument is "-automated" or "@@")
            ? Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult()
            : TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult();
    }
}
