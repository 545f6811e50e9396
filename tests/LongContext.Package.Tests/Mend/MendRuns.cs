using System.Security.Cryptography;
using LongContext.Package.Tests.Support;
using LongContext.TestSupport;

namespace LongContext.Package.Tests.Mend;

/// <summary>
/// Runs LongContext.targets over hand-made items: one small project per case, all in one MSBuild process, because the task
/// is compiled once per process.
/// </summary>
public sealed class MendRuns : IDisposable
{
    private readonly TemporaryFolder _folder = TestPaths.NewTemporaryFolder();
    private readonly Lazy<Dictionary<string, MendCase>> _cases;

    public MendRuns()
    {
        _cases = new Lazy<Dictionary<string, MendCase>>(Run);
    }

    /// <summary>TorchSharp's library in the package cache, in the version that the repository uses.</summary>
    public static string Original => TorchSharpLibrary.Value;

    internal MendCase this[string name] => _cases.Value[name];

    /// <summary>SHA-256 of the package cache's file before anything ran.</summary>
    internal string HashBefore { get; private set; } = "";

    internal static string HashNow() => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Original)));

    public void Dispose() => _folder.Dispose();

    private static readonly Lazy<string> TorchSharpLibrary = new(() =>
    {
        string version = typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);
        return Path.Combine(DotNet.PackageCache, "torchsharp", version, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
    });

    private Dictionary<string, MendCase> Run()
    {
        DotNet.SkipWithoutSdk();
        Assert.SkipUnless(File.Exists(Original), $"{Original} is not in the package cache");
        HashBefore = HashNow();

        byte[] image = File.ReadAllBytes(Original);
        var libraries = new Dictionary<string, string?>
        {
            ["original"] = Original,
            ["switched-off"] = Original,
            ["no-library"] = null,
            ["already-mended"] = Write("already-mended", ElfImage.WithWeakVersion(image)),
            ["without-versions"] = Write("without-versions", ElfImage.Trivial()),
            ["not-elf"] = Write("not-elf", "MZ is what a Windows library begins with, and it is longer than an ELF header."u8.ToArray()),
            ["empty"] = Write("empty", []),
            ["cut-short"] = Write("cut-short", image[..(image.Length / 2)]),
            ["header-only"] = Write("header-only", image[..100]),
            ["other-symbol"] = Write("other-symbol", ElfImage.Replace(image, "_ZSt21ios_base_library_initv", "_ZSt21ios_base_library_inatv")),
            ["newer-version"] = Write("newer-version", ElfImage.Replace(image, "GLIBCXX_3.4.32", "GLIBCXX_3.4.33")),
        };

        foreach ((string name, string? library) in libraries) WriteProject(name, library);

        // One project, first with the library to mend, then with another that lies elsewhere and is older than all of the first build.
        const string changed = "changed-library";
        string later = Write(changed, ElfImage.WithWeakVersion(image));
        File.SetLastWriteTimeUtc(later, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        WriteProject(changed, "$(Library)");
        File.WriteAllText(_folder["all.proj"], $"""
            <Project>
              <Target Name="All">
                <MSBuild Projects="{string.Join(';', libraries.Keys.Select(ProjectPath))}" Targets="Show" ContinueOnError="true" StopOnFirstFailure="false" />
                <MSBuild Projects="{ProjectPath(changed)}" Targets="Show" Properties="Library={Original}" />
                <MSBuild Projects="{ProjectPath(changed)}" Targets="Show" Properties="Library={later}" />
              </Target>
            </Project>
            """);
        string output = DotNet.Run(_folder.Path, TimeSpan.FromMinutes(3), "msbuild", "all.proj", "-nologo", "-m:1", "-v:normal", "-clp:NoSummary").Output;
        libraries.Add(changed, later);
        return libraries.Keys.ToDictionary(name => name, name => Collect(name, libraries[name], output.Split('\n')));
    }

    private string ProjectPath(string name) => Path.Combine(_folder[name], name + ".proj");

    private string Write(string name, byte[] image)
    {
        Directory.CreateDirectory(_folder[name]);
        string path = Path.Combine(_folder[name], "libLibTorchSharp.so");
        File.WriteAllBytes(path, image);
        return path;
    }

    private void WriteProject(string name, string? library)
    {
        Directory.CreateDirectory(_folder[name]);
        string targets = Path.Combine(Repository.ProjectFolder("LongContext"), "buildTransitive", "LongContext.targets");
        string items = library is null ? "" : $"""
                <NativeCopyLocalItems Include="{library}" DestinationSubDirectory="native/" />
                <RuntimeTargetsCopyLocalItems Include="{library}" DestinationSubPath="runtimes/linux-x64/native/libLibTorchSharp.so" />
            """;
        File.WriteAllText(ProjectPath(name), $"""
            <Project>
              <PropertyGroup>
                <IntermediateOutputPath>obj/</IntermediateOutputPath>
                {(name == "switched-off" ? "<LongContextMendTorchSharp>false</LongContextMendTorchSharp>" : "")}
              </PropertyGroup>
              <ItemGroup>
            {items}
                <NativeCopyLocalItems Include="/somewhere/libtorch_cpu.so" />
                <RuntimeTargetsCopyLocalItems Include="/somewhere/LibTorchSharp.dll" DestinationSubPath="runtimes/win-x64/native/LibTorchSharp.dll" />
              </ItemGroup>
              <Target Name="ResolvePackageAssets" />
              <Import Project="{targets}" />
              <Target Name="Show" DependsOnTargets="ResolvePackageAssets">
                <WriteLinesToFile File="items.txt" Overwrite="true"
                                  Lines="@(NativeCopyLocalItems->'native|%(Identity)|%(DestinationSubDirectory)');@(RuntimeTargetsCopyLocalItems->'runtime|%(Identity)|%(DestinationSubPath)')" />
              </Target>
            </Project>
            """);
    }

    /// <summary>Mended copies that the project's builds left, each in a folder of its own.</summary>
    private string[] Mended(string name)
    {
        string folder = Path.Combine(_folder[name], "obj", "longcontext");
        return Directory.Exists(folder) ? Directory.GetFiles(folder, "libLibTorchSharp.so", SearchOption.AllDirectories) : [];
    }

    private MendCase Collect(string name, string? library, string[] lines)
    {
        string items = Path.Combine(_folder[name], "items.txt");
        return new MendCase(
            [.. lines.Where(line => line.Contains(": error", StringComparison.Ordinal) && line.Contains(ProjectPath(name), StringComparison.Ordinal))],
            [.. lines.Where(line => library is not null && line.Contains("LongContext: ", StringComparison.Ordinal) && line.Contains(library, StringComparison.Ordinal))],
            File.Exists(items) ? File.ReadAllLines(items) : [],
            Mended(name) is [var only] ? only : "");
    }
}
