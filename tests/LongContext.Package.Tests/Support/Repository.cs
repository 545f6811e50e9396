using System.Xml.Linq;
using LongContext.TestSupport;

namespace LongContext.Package.Tests.Support;

/// <summary>The repository's own sources, where the tests run inside it.</summary>
internal static class Repository
{
    public static readonly string[] SourceProjects =
        ["LongContext.Core", "LongContext.Cpu", "LongContext.Cuda", "LongContext.Evaluation", "LongContext.ManagedCuda", "LongContext", "LongContext.Hosting", "LongContext.AspNetCore"];

    public static string Root
    {
        get
        {
            Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the tests run away from the repository");
            return TestPaths.RepositoryRoot!;
        }
    }

    /// <summary>The documents that are ours: PEFT's own readme in the fixtures, build outputs and packages are not.</summary>
    public static IEnumerable<string> Documents =>
        Directory.EnumerateFiles(Root, "*.md", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts" or "node_modules" or "adapter" or ".git"));

    public static string ProjectFolder(string project) => Path.Combine(Root, "src", project);

    public static XDocument ProjectFile(string project) => XDocument.Load(Path.Combine(ProjectFolder(project), project + ".csproj"));

    /// <summary>What a project's items of one kind include.</summary>
    public static IEnumerable<string> Includes(string project, string item) =>
        ProjectFile(project).Descendants(item).Select(element => element.Attribute("Include")?.Value).OfType<string>();

    /// <summary>Files of a project below its folder, without what a build makes.</summary>
    public static IEnumerable<string> SourceFiles(string project, string pattern) =>
        Directory.EnumerateFiles(ProjectFolder(project), pattern, SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(ProjectFolder(project), file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));
}
