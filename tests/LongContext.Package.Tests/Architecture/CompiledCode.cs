using Mono.Cecil;
using Mono.Cecil.Cil;

namespace LongContext.Package.Tests.Architecture;

/// <summary>What an assembly's methods do.</summary>
internal static class CompiledCode
{
    /// <summary>An assembly, with its lines where its symbols are there.</summary>
    public static ModuleDefinition Read(string file) => ModuleDefinition.ReadModule(file, new ReaderParameters { ReadSymbols = File.Exists(Path.ChangeExtension(file, ".pdb")) });

    public static IEnumerable<MethodDefinition> Bodies(ModuleDefinition module) => module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody);

    /// <summary>File and line of a step, where they are known.</summary>
    public static string Place(MethodDefinition method, Instruction? step)
    {
        for (; step is not null; step = step.Previous)
        {
            if (method.DebugInformation.GetSequencePoint(step) is { IsHidden: false } point) return $"{Path.GetFileName(point.Document.Url)}:{point.StartLine}";
        }

        return method.FullName;
    }
}
