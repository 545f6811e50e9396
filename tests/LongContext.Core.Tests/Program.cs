using LongContext.Data.Caching;
using Xunit.MicrosoftTestingPlatform;

namespace LongContext.Core.Tests;

/// <summary>The tests; or, asked by its own name, the program that <see cref="TokenCacheProcessTests"/> starts.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args is [CacheBuildingProgram.Name, ..]) return CacheBuildingProgram.Run(args);
        // As xunit's own entry point, which this one takes the place of.
        return args.Any(argument => argument is "-automated" or "@@")
            ? Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult()
            : TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult();
    }
}
