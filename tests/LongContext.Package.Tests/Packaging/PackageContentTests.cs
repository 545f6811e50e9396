using System.IO.Compression;
using System.Xml.Linq;

namespace LongContext.Package.Tests.Packaging;

/// <summary>What is in the packages that <c>dotnet pack</c> makes.</summary>
[Collection(PackagingTestGroup.Name)]
public sealed class PackageContentTests(PackedPackages packages)
{
    public static TheoryData<string> Ids => [.. PackedPackages.Ids];

    [Fact]
    public void Pack_Solution_GivesThePackagesAndTheirSymbols()
    {
        IEnumerable<string> expected = PackedPackages.Ids.SelectMany(id => new[] { $"{id}.{packages.Version}.nupkg", $"{id}.{packages.Version}.snupkg" });
        Assert.Equal(expected.Order(), Directory.GetFiles(packages.Feed).Select(Path.GetFileName).OfType<string>().Order());
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Content_OfAPackage_HasAssemblyDocumentationAndReadme(string id)
    {
        string[] entries = packages.Entries(id);
        Assert.Contains($"lib/net10.0/{id}.dll", entries);
        Assert.Contains($"lib/net10.0/{id}.xml", entries);
        Assert.Contains("README.md", entries);
        Assert.Contains($"lib/net10.0/{id}.pdb", packages.Entries(id, "snupkg"));
        Assert.DoesNotContain(entries, entry => entry.StartsWith("runtimes/", StringComparison.Ordinal) || entry.EndsWith(".so", StringComparison.Ordinal));

        using ZipArchive archive = ZipFile.OpenRead(packages.PathOf(id));
        using var readme = new StreamReader(archive.GetEntry("README.md")!.Open());
        Assert.Contains(id, readme.ReadToEnd(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Metadata_OfAPackage_NamesLicenceReadmeAndVersion(string id)
    {
        XElement metadata = packages.Metadata(id);
        XNamespace xml = metadata.Name.Namespace;
        Assert.Equal(packages.Version, metadata.Element(xml + "version")!.Value);
        Assert.Equal(("expression", "MIT"), (metadata.Element(xml + "license")!.Attribute("type")!.Value, metadata.Element(xml + "license")!.Value));
        Assert.Equal("README.md", metadata.Element(xml + "readme")!.Value);
        Assert.NotEqual("Package Description", metadata.Element(xml + "description")!.Value);
    }

    [Fact]
    public void Content_OfLongContext_BringsTheMendAlong()
    {
        string[] entries = packages.Entries("LongContext");
        Assert.Contains("buildTransitive/LongContext.targets", entries);
        Assert.Contains("buildTransitive/MendTorchSharp.cs", entries);
    }

    [Fact]
    public void Dependencies_OfLongContext_LeaveLibtorchToTheApplication()
    {
        Dictionary<string, string> dependencies = Dependencies("LongContext");
        Assert.Contains("TorchSharp", dependencies.Keys);
        Assert.DoesNotContain(dependencies.Keys, id => id.StartsWith("TorchSharp-", StringComparison.OrdinalIgnoreCase) || id.StartsWith("libtorch", StringComparison.OrdinalIgnoreCase));
        string[] above = ["LongContext", "LongContext.Hosting", "LongContext.AspNetCore"];
        Assert.Empty(dependencies.Keys.Intersect(above));
        foreach (string own in PackedPackages.Ids.Except(above)) Assert.Equal(packages.Version, dependencies[own]);
        Assert.DoesNotContain("LongContext.ManagedCuda", dependencies.Keys);
    }

    [Theory]
    [InlineData("LongContext.Core", new[] { "Google.Protobuf", "K4os.Compression.LZ4", "Microsoft.Extensions.FileSystemGlobbing", "Microsoft.ML.Tokenizers", "Snappier", "System.IO.Hashing", "ZstdSharp.Port" })]
    [InlineData("LongContext.Cpu", new string[0])]
    [InlineData("LongContext.Cuda", new string[0])]
    [InlineData("LongContext.Evaluation", new[] { "LongContext.Core", "Microsoft.Extensions.AI.Abstractions", "Microsoft.Extensions.VectorData.Abstractions", "Polly.Core" })]
    public void Dependencies_OfTheLayersBelow_KnowNoTorchSharp(string id, string[] expected)
    {
        // Central pins make a dependency of what comes from below, too: Core's tokenizers, their Google.Protobuf, and its checksums.
        string[] fromBelow = ["Google.Protobuf", "K4os.Compression.LZ4", "Microsoft.Extensions.FileSystemGlobbing", "Microsoft.ML.Tokenizers", "Snappier", "System.IO.Hashing", "ZstdSharp.Port"];
        IEnumerable<string> found = Dependencies(id).Keys;
        Assert.Equal(expected, found.Intersect(expected).Order(StringComparer.Ordinal));
        Assert.Empty(found.Except(expected).Except(id is "LongContext.Cpu" or "LongContext.Cuda" ? [] : fromBelow));
    }

    [Fact]
    public void Dependencies_OfTheHostsPackages_AreTheLayerBelowAndTheFramework()
    {
        Dictionary<string, string> hosting = Dependencies("LongContext.Hosting"), server = Dependencies("LongContext.AspNetCore");
        Assert.Equal((packages.Version, packages.Version), (hosting["LongContext"], server["LongContext.Hosting"]));
        Assert.Contains("Microsoft.Extensions.AI", hosting.Keys);
        Assert.DoesNotContain(hosting.Keys, id => id.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        XElement metadata = packages.Metadata("LongContext.AspNetCore");
        Assert.Equal("Microsoft.AspNetCore.App", metadata.Descendants(metadata.Name.Namespace + "frameworkReference").Single().Attribute("name")!.Value);
    }

    private Dictionary<string, string> Dependencies(string id)
    {
        XElement metadata = packages.Metadata(id);
        return metadata.Descendants(metadata.Name.Namespace + "dependency")
            .ToDictionary(dependency => dependency.Attribute("id")!.Value, dependency => dependency.Attribute("version")!.Value);
    }
}
