using System.Diagnostics;
using System.Text.RegularExpressions;
using LongContext.Cuda.Driver;
using LongContext.TestSupport;

namespace LongContext.Cuda.Tests.Kernels;

/// <summary>The PTX that is embedded is what the sources give.</summary>
public sealed partial class KernelSourceTests
{
    private static readonly string Folder = Path.Combine(TestPaths.RepositoryRoot ?? "", "src", "LongContext.Cuda", "Kernels");

    [Fact]
    public async Task CommittedPtx_CompiledAnew_IsTheSame()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "build.sh is for Linux");
        Assert.SkipUnless(CompilerIsThere(), "clang-19 is not installed (Debian package clang-19)");
        using Process build = Process.Start(
            new ProcessStartInfo("bash", [Path.Combine(Folder, "build.sh"), "--check"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> output = build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await build.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await build.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(build.ExitCode == 0, $"{errors}{await output}");
    }

    [Fact]
    public void EmbeddedModules_AreThoseOfTheBuildLists()
    {
        IEnumerable<string> listed = Directory.EnumerateFiles(Folder, "builds.txt", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Select(line => Comment().Replace(line, "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 0).Select(words => $"{words[1]}/{words[0]}").Order(StringComparer.Ordinal);
        Assert.Equal(listed, KernelImages.Names);
    }

    [Fact]
    public void EmbeddedModules_SayWhatTheyNeed()
    {
        foreach (string name in KernelImages.Names)
        {
            string text = System.Text.Encoding.ASCII.GetString(KernelImages.Load(name));
            bool hopper = name.StartsWith("sm_90a/", StringComparison.Ordinal);
            Assert.StartsWith(hopper ? ".version 8.0\n.target sm_90a\n" : ".version 7.4\n.target sm_80\n", text, StringComparison.Ordinal);
            Assert.EndsWith("\0", text, StringComparison.Ordinal);
            Assert.DoesNotContain(".local", text, StringComparison.Ordinal); // an array that was indexed at run time: slow, and never meant
        }
    }

    /// <summary>What a kernel uses of a module's static arrays is the assembler's to find out; that all of them together are within the limit leaves nothing to it.</summary>
    [Fact]
    public void EmbeddedModules_StaticSharedMemory_IsWithinTheLimitInAll()
    {
        foreach (string name in KernelImages.Names)
        {
            long bytes = SharedArray().Matches(System.Text.Encoding.ASCII.GetString(KernelImages.Load(name))).Sum(match => long.Parse(match.Groups[1].Value, null));
            Assert.True(bytes <= 48 << 10, $"{name}: {bytes} bytes");
        }
    }

    private static bool CompilerIsThere() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "clang-19")));

    [GeneratedRegex(@"^(?!\s*\.extern).*\.shared \.align \d+ \.b8 \w+\[(\d+)\]", RegexOptions.Multiline)]
    private static partial Regex SharedArray();

    [GeneratedRegex("#.*")]
    private static partial Regex Comment();
}
