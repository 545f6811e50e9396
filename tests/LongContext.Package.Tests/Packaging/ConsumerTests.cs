using System.Runtime.InteropServices;
using LongContext.Package.Tests.Support;
using LongContext.TestSupport;

namespace LongContext.Package.Tests.Packaging;

/// <summary>A fresh project that references the packages from a local feed restores, builds, runs and publishes.</summary>
[Collection(PackagingTestGroup.Name)]
public sealed class ConsumerTests(PackedPackages packages)
{
    [Fact]
    public void Consumer_OfTheLocalFeed_BuildsRunsAndPublishes()
    {
        DotNet.SkipWithoutSdk();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ConsumerProject.Write(folder.Path, packages);

        // As most people build: for any system, natives under runtimes/.
        DotNet.Succeed(folder.Path, "build", "-c", "Release", "-nologo", "-o", folder["built"]);
        AssertOutput(folder, "built");
        string portable = Path.Combine(folder["built"], "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        AssertMended(portable);

        // As people ship: for this system, natives beside the program.
        DotNet.Succeed(folder.Path, "publish", "-c", "Release", "-nologo", "--use-current-runtime", "--no-self-contained", "-o", folder["published"]);
        AssertOutput(folder, "published");
        if (RuntimeInformation.RuntimeIdentifier == "linux-x64") AssertMended(Path.Combine(folder["published"], "libLibTorchSharp.so"));
    }

    private static void AssertOutput(TemporaryFolder folder, string program)
    {
        string output = DotNet.Succeed(folder.Path, Path.Combine(folder[program], "Consumer.dll"), ConsumerProject.FixtureModel);
        Assert.Equal(ConsumerProject.Expected, output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    /// <summary>A newer system would load the library either way, so the file itself is looked at.</summary>
    private static void AssertMended(string library)
    {
        byte[] original = File.ReadAllBytes(Mend.MendRuns.Original);
        Assert.Equal(Mend.ElfImage.WithWeakVersion(original), File.ReadAllBytes(library));
    }
}
