using System.Reflection;
using LongContext.Package.Tests.Support;

namespace LongContext.Package.Tests.Architecture;

/// <summary>The arrows between the layers point downwards only, in what is compiled and in what the projects ask for.</summary>
public sealed class LayerTests
{
    /// <summary>Project, the projects it may know, and the packages it may ask for.</summary>
    public static TheoryData<string, string[], string[]> Layers => new()
    {
        { "LongContext.Core", [], ["Google.Protobuf", "K4os.Compression.LZ4", "Microsoft.Extensions.FileSystemGlobbing", "Microsoft.ML.Tokenizers", "Snappier", "System.IO.Hashing", "ZstdSharp.Port"] },
        { "LongContext.Cpu", [], [] },
        { "LongContext.Cuda", [], [] },
        { "LongContext.Evaluation", ["LongContext.Core"], ["Microsoft.Extensions.AI.Abstractions", "Microsoft.Extensions.VectorData.Abstractions", "Polly.Core"] },
        { "LongContext.ManagedCuda", ["LongContext.Cuda"], ["ManagedCuda-12", "ManagedCuda-13"] },
        {
            "LongContext",
            ["LongContext.Core", "LongContext.Cpu", "LongContext.Cuda", "LongContext.Evaluation"],
            ["TorchSharp", "SkiaSharp", "SharpZipLib", "Microsoft.Extensions.Logging.Abstractions"]
        },
        { "LongContext.Hosting", ["LongContext", "LongContext.Core", "LongContext.Evaluation"], HostingPackages },
        { "LongContext.AspNetCore", ["LongContext.Hosting", "LongContext", "LongContext.Core", "LongContext.Evaluation"], [] },
    };

    private static readonly string[] HostAssemblies =
    [
        "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Configuration.Binder", "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions",
        "Microsoft.Extensions.Options", "Microsoft.Extensions.Primitives",
    ];

    private static readonly string[] HostingPackages =
    [
        "Microsoft.Extensions.AI", "Microsoft.Extensions.Diagnostics.HealthChecks", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Options.ConfigurationExtensions", "System.Threading.RateLimiting",
    ];

    [Theory]
    [MemberData(nameof(Layers))]
    public void References_OfTheAssembly_PointDownwardsOnly(string project, string[] projects, string[] packages)
    {
        // An assembly may also use what comes with the projects below it, for example the tokenizers that Core hands out.
        HashSet<string> allowed = [.. projects, .. packages];
        foreach (string below in projects) allowed.UnionWith(Layers.Single(row => row.Data.Item1 == below).Data.Item3);
        // A host's own assemblies come with the packages above, ASP.NET Core's with its framework.
        if (project is "LongContext.Hosting" or "LongContext.AspNetCore") allowed.UnionWith(HostAssemblies);
        // Packages whose assembly has another name.
        if (allowed.Remove("SharpZipLib")) allowed.Add("ICSharpCode.SharpZipLib");
        if (allowed.Remove("ZstdSharp.Port")) allowed.Add("ZstdSharp");

        IEnumerable<string> forbidden = Assembly.Load(project).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => !IsFramework(name) && !allowed.Contains(name) && !(project == "LongContext.AspNetCore" && IsAspNetCore(name)) && !(name == "ManagedCuda" && project == "LongContext.ManagedCuda"));
        Assert.Empty(forbidden);
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void References_OfTheProject_PointDownwardsOnly(string project, string[] projects, string[] packages)
    {
        Assert.Empty(Repository.Includes(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))).Except(projects));
        Assert.Empty(Repository.Includes(project, "PackageReference").Except(packages));
        Assert.Empty(Repository.Includes(project, "Reference"));
        Assert.Equal(project == "LongContext.AspNetCore" ? ["Microsoft.AspNetCore.App"] : [], Repository.Includes(project, "FrameworkReference"));
    }

    [Fact]
    public void SourceProjects_OfTheRepository_AreThoseTestedHere()
    {
        IEnumerable<string> folders = Directory.GetDirectories(Path.Combine(Repository.Root, "src")).Select(Path.GetFileName).OfType<string>();
        Assert.Equal(Repository.SourceProjects.Order(), folders.Order());
        Assert.Equal(Repository.SourceProjects.Order(), Layers.Select(row => row.Data.Item1).Order());
    }

    [Theory]
    [InlineData("LongContext.Core")]
    [InlineData("LongContext.Cpu")]
    [InlineData("LongContext.Evaluation")]
    public void NativeCalls_OfAPureAssembly_GoToTheOperatingSystemOnly(string project)
    {
        string[] system = ["libc", "kernel32", "kernel32.dll"];
        const BindingFlags all = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        IEnumerable<string> foreign = Assembly.Load(project).GetTypes()
            .SelectMany(type => type.GetMethods(all))
            .Select(method => (method, import: method.GetCustomAttribute<System.Runtime.InteropServices.DllImportAttribute>()))
            .Where(found => found.import is not null && !system.Contains(found.import.Value))
            .Select(found => $"{found.method.DeclaringType}.{found.method.Name} → {found.import!.Value}");
        Assert.Empty(foreign);
    }

    private static bool IsAspNetCore(string name) => name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) || name is "Microsoft.Net.Http.Headers" or "Microsoft.Extensions.Features";

    private static bool IsFramework(string name) =>
        name is "System" or "mscorlib" or "netstandard"
        || name.StartsWith("System.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal);
}
