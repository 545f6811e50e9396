using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using LongContext.Package.Tests.Support;
using LongContext.TestSupport;

namespace LongContext.Package.Tests.Packaging;

/// <summary>
/// The packages, packed once for all tests under a version of their own into a folder of their own; build outputs lie there
/// too, so that the repository's stay as they are. What NuGet takes into its cache from here is taken out again at the end.
/// </summary>
public sealed class PackedPackages : IDisposable
{
    private readonly TemporaryFolder _folder = TestPaths.NewTemporaryFolder();
    private readonly Lazy<string> _feed;

    public PackedPackages()
    {
        _feed = new Lazy<string>(Pack);
    }

    public static IReadOnlyList<string> Ids { get; } = ["LongContext", "LongContext.Core", "LongContext.Cpu", "LongContext.Cuda", "LongContext.Evaluation", "LongContext.Hosting", "LongContext.AspNetCore"];

    public string Version { get; } = $"0.1.0-test.x{Guid.NewGuid():N}"[..24];

    /// <summary>The folder that holds the packages.</summary>
    public string Feed => _feed.Value;

    public string PathOf(string id, string extension = "nupkg") => Path.Combine(Feed, $"{id}.{Version}.{extension}");

    /// <summary>Names of a package's files.</summary>
    public string[] Entries(string id, string extension = "nupkg")
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf(id, extension));
        return [.. archive.Entries.Select(entry => entry.FullName)];
    }

    public XElement Metadata(string id)
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf(id));
        using Stream stream = archive.GetEntry($"{id}.nuspec")!.Open();
        XElement root = XDocument.Load(stream).Root!;
        return root.Element(root.Name.Namespace + "metadata")!;
    }

    public void Dispose()
    {
        foreach (string id in Ids)
        {
            var cached = new DirectoryInfo(Path.Combine(DotNet.PackageCache, id.ToLowerInvariant(), Version.ToLowerInvariant()));
            if (!cached.Exists) continue;
            cached.Delete(recursive: true);
            if (!cached.Parent!.EnumerateFileSystemInfos().Any()) cached.Parent.Delete();
        }

        _folder.Dispose();
    }

    private string Pack()
    {
        DotNet.SkipWithoutSdk();
        string filter = _folder["packages.slnf"], feed = _folder["feed"];
        File.WriteAllText(filter, JsonSerializer.Serialize(new
        {
            solution = new
            {
                path = Path.Combine(Repository.Root, "LongContext.sln"),
                projects = Ids.Select(id => $"src\\{id}\\{id}.csproj").ToArray(),
            },
        }));

        // The analyzers have judged the code in its own build.
        DotNet.Succeed(
            Repository.Root, "pack", filter, "-c", "Release", "-nologo", "--artifacts-path", _folder["artifacts"], "-o", feed,
            $"-p:Version={Version}", "-p:RunAnalyzers=false", "-m:1");
        return feed;
    }
}
