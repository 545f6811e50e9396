using LongContext.Core.Tests.Checkpoints;
using LongContext.Data.Caching;
using LongContext.Data.Reading;
using Xunit.MicrosoftTestingPlatform;

namespace LongContext.Core.Tests;

/// <summary>The tests; or, asked by its own name, a program that one of them starts.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is [CacheBuildingProgram.Name, ..]) return CacheBuildingProgram.Run(args);
        if (args is [KilledIngestion.Name, string folder, string output, string state]) return KilledIngestion.Run(folder, output, state);
        if (args is [KilledSave.Name, string saved]) return KilledSave.Run(saved);
        if (args is [MeasuredReading.Name, string file]) return MeasuredReading.Run(file);
        // As xunit's own entry point, which this one takes the place of.
        return args.Any(argument => argument is "-automated" or "@@")
            ? Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult()
            : TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult();
    }
}
