using LongContext.Package.Tests.Support;
using Mono.Cecil;
using Mono.Cecil.Cil;
using TorchSharp;

namespace LongContext.Package.Tests.Architecture;

/// <summary>
/// TorchSharp makes <see cref="Scalar"/> objects of numbers, hands their memory to native code and holds nothing: a garbage collection that another thread causes at that moment frees them, and the operation
/// throws ("Unknown scalar type") or computes with freed memory. So nobody here writes <c>tensor * 0.5</c>, or calls what makes one inside; LongContext.Tensors.TensorArithmetic holds what it makes.
/// Which of TorchSharp's methods make one, its own code says; who calls them, the code of each of our programs.
/// </summary>
public sealed class ScalarTests
{
    private static readonly Lazy<HashSet<string>> Makers = new(FindMakers);

    /// <summary>Projects of programs by their folders below the root.</summary>
    public static TheoryData<string> Programs =>
        new(from folder in new[] { "benchmarks", "samples", "tests" }
            from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories)
            where file.Split(Path.DirectorySeparatorChar)[^2] == Path.GetFileNameWithoutExtension(file)
            select Path.GetRelativePath(Repository.Root, Path.ChangeExtension(file, null)).Replace('\\', '/') into path
            select path[..path.LastIndexOf('/')]);

    public static TheoryData<string> Libraries => new(Repository.SourceProjects);

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Calls_OfALibrary_MakeNoScalarThatNothingHolds(string project) =>
        Assert.Empty(Faults(Path.Combine(AppContext.BaseDirectory, project + ".dll")));

    [Theory]
    [MemberData(nameof(Programs))]
    public void Calls_OfAProgram_MakeNoScalarThatNothingHolds(string project)
    {
        // Beside this one: …/tests/LongContext.Package.Tests/bin/Debug/net10.0/linux-x64/.
        string own = Path.Combine(Repository.Root, "tests", "LongContext.Package.Tests"), name = project[(project.LastIndexOf('/') + 1)..];
        string file = Path.Combine(Repository.Root, project, Path.GetRelativePath(own, AppContext.BaseDirectory), name + ".dll");
        Assert.SkipUnless(File.Exists(file), $"{name} is not built: build the solution");
        Assert.Empty(Faults(file));
    }

    [Fact]
    public void Makers_OfTorchSharp_AreThoseThatWereSeenToFail()
    {
        const string tensor = "TorchSharp.torch/Tensor";
        string[] make = [$"op_Multiply({tensor},System.Double)", $"op_Addition({tensor},{tensor})", "square()", "ToScalar()"], makeNone = [$"op_Multiply({tensor},{tensor})", "mul(TorchSharp.Scalar)", $"add({tensor},TorchSharp.Scalar)"];
        Assert.All(make, name => Assert.Contains($"{tensor}::{name}", Makers.Value));
        Assert.All(makeNone, name => Assert.DoesNotContain($"{tensor}::{name}", Makers.Value));
    }

    /// <summary>Nothing could be found where the library's calls had other names than TorchSharp's methods.</summary>
    [Fact]
    public void Calls_OfTheLibrary_HaveTheNamesOfTorchSharpsMethods()
    {
        using ModuleDefinition torchSharp = CompiledCode.Read(typeof(Scalar).Assembly.Location), library = CompiledCode.Read(typeof(LongContextTrainer).Assembly.Location);
        HashSet<string> methods = [.. CompiledCode.Bodies(torchSharp).Select(Name)];
        int known = CompiledCode.Bodies(library).SelectMany(method => method.Body.Instructions).Select(step => step.Operand).OfType<MethodReference>().Select(Name).Distinct().Count(methods.Contains);
        Assert.True(known > 20, $"only {known} of TorchSharp's methods were found");
    }

    /// <summary>Where an assembly makes a Scalar that nothing holds: what it calls, and in which line.</summary>
    private static List<string> Faults(string file)
    {
        using ModuleDefinition module = CompiledCode.Read(file);
        List<string> faults = [];
        foreach (MethodDefinition method in CompiledCode.Bodies(module))
        {
            // A script's arguments are objects: of these numbers it makes Scalars.
            bool boxes = method.Body.Instructions.Any(step => step.OpCode == OpCodes.Box && ((TypeReference)step.Operand).FullName is "System.Double" or "System.Single" or "System.Int64");
            foreach (Instruction step in method.Body.Instructions)
            {
                if (step.Operand is not MethodReference called) continue;
                bool isScript = called.DeclaringType.FullName.StartsWith("TorchSharp.torch/jit/", StringComparison.Ordinal);
                if (IsConversion(called) || (isScript ? called.Name is "invoke" or "forward" && boxes : Makers.Value.Contains(Name(called)))) faults.Add($"{called.DeclaringType.Name}.{called.Name} in {CompiledCode.Place(method, step)}");
            }
        }

        return faults;
    }

    /// <summary>Those methods of TorchSharp that make a Scalar and do not dispose of it, and those that call them.</summary>
    private static HashSet<string> FindMakers()
    {
        using ModuleDefinition torchSharp = CompiledCode.Read(typeof(Scalar).Assembly.Location);
        var calls = CompiledCode.Bodies(torchSharp)
            .Where(method => method.DeclaringType.Name is not (nameof(Scalar) or nameof(ScalarExtensionMethods)))
            .Select(method => (Name: Name(method), Called: method.Body.Instructions.Select(step => step.Operand).OfType<MethodReference>().ToArray())).ToArray();
        HashSet<string> makers = [.. calls.Where(each => each.Called.Any(IsConversion) && !each.Called.Any(called => called.Name == nameof(IDisposable.Dispose))).Select(each => each.Name)];
        Assert.True(makers.Count > 50, $"only {makers.Count} of TorchSharp's methods were found to make a Scalar");
        int before;
        do
        {
            before = makers.Count;
            makers.UnionWith(calls.Where(each => each.Called.Any(called => makers.Contains(Name(called)))).Select(each => each.Name));
        }
        while (makers.Count > before);
        return makers;
    }

    /// <summary>A conversion of a number. ToScalar of a number, called by name, is what those write who hold the result; TorchSharp's own calls, and what it makes of a tensor, are looked at as well.</summary>
    private static bool IsConversion(MethodReference called) =>
        called.DeclaringType.FullName == typeof(Scalar).FullName && called.Name == "op_Implicit"
        || called.DeclaringType.Scope is ModuleDefinition
            && (called.DeclaringType.FullName == typeof(Scalar).FullName && called.Name == ".ctor"
                || called.DeclaringType.FullName == typeof(ScalarExtensionMethods).FullName && called.Name == nameof(ScalarExtensionMethods.ToScalar));

    /// <summary>Type, name and parameters; overloads differ in these alone.</summary>
    private static string Name(MethodReference method)
    {
        string full = (method is GenericInstanceMethod generic ? generic.ElementMethod : method).FullName;
        return full[(full.IndexOf(' ', StringComparison.Ordinal) + 1)..];
    }
}
