using System.Xml.Linq;
using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Architecture;

/// <summary>ManagedCuda is GPLv3 or commercial: nothing asks for it unless the builder does (docs/design/managedcuda-is-opt-in.md).</summary>
public sealed class OptInTests
{
    private const string Asked = "'$(ManagedCuda)' == 'true'";

    [Fact]
    public void ManagedCuda_InEveryProjectFile_IsAskedForUnderTheConditionOnly()
    {
        string[] files = [.. new[] { "*.csproj", "*.props", "*.targets" }.SelectMany(pattern => Directory.EnumerateFiles(Repository.Root, pattern, SearchOption.AllDirectories))
            .Where(file => !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts"))];
        (string File, XElement Element)[] found = [.. files.SelectMany(file => XDocument.Load(file).Descendants()
            .Where(element => element.Name.LocalName is "PackageReference" or "PackageVersion" or "GlobalPackageReference"
                && element.Attribute("Include")?.Value.StartsWith("ManagedCuda", StringComparison.OrdinalIgnoreCase) == true)
            .Select(element => (file, element)))];
        Assert.Equal(2, found.Length); // its version, and the one project that uses it
        Assert.Empty(found.Where(entry => entry.Element.Parent!.Attribute("Condition")?.Value != Asked).Select(entry => entry.File));
    }
}
