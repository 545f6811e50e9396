using LongContext.Tests.Training;
using LongContext.Tests.Training.Memory;
using Xunit.MicrosoftTestingPlatform;

namespace LongContext.Tests;

/// <summary>The tests; or, asked by its own name, a program that <see cref="KillTests"/> or <see cref="MeasuredStep"/> starts.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is [KilledTraining.Name, ..]) return KilledTraining.Run(args);
        if (args is [MeasuredStep.Name, string step, string device]) return MeasuredStep.Run(step, device);
        CollectionPressure.BeginIfAsked();
        // As xunit's own entry point, which this one takes the place of.
        return args.Any(argument => argument is "-automated" or "@@")
            ? Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult()
            : TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult();
    }
}
