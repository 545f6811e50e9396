using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>What can be said of a kernel without running it; stands in for the assembler's own report.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Registers">32-bit registers alive at the same time at most; the assembler needs some more for addresses.</param>
/// <param name="Predicates">Predicates alive at the same time at most.</param>
/// <param name="RegistersLine">Line where that is.</param>
/// <param name="LocalBytes">Local memory of a thread.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
/// <param name="Instructions">Instructions in all.</param>
/// <param name="Loops">Innermost loops.</param>
/// <param name="Roles">What follows each setmaxnreg.</param>
public sealed record KernelStatistics(
    string Kernel, int Registers, int Predicates, int RegistersLine, int LocalBytes, int SharedBytes, int Instructions, IReadOnlyList<LoopStatistics> Loops, IReadOnlyList<RoleStatistics> Roles)
{
    /// <summary>Statistics of all kernels of a PTX text.</summary>
    public static IReadOnlyList<KernelStatistics> Of(string ptx, string file)
    {
        PtxModule module = PtxParser.Parse(file, ptx);
        var addresses = module.Variables.Where(x => x.Space is PtxSpace.Global or PtxSpace.Constant).ToDictionary(x => x, _ => 0L);
        return [.. module.Kernels.Values.Select(x => Measure(KernelBuilder.Build(module, x, addresses)))];
    }

    internal static KernelStatistics Measure(KernelCode kernel)
    {
        var flow = new ControlFlow(kernel.Source);
        (int registers, int predicates, int line) = Liveness.Maximum(kernel, flow, null, null);
        return new KernelStatistics(kernel.Name, registers, predicates, line, kernel.LocalBytes, kernel.StaticShared, kernel.Code.Length, InnermostLoops.Find(kernel, flow), RegisterRoles.Find(kernel, flow));
    }
}

/// <summary>One innermost loop: its lines and how many instructions of each class an iteration holds.</summary>
public sealed record LoopStatistics(int FirstLine, int LastLine, int Instructions, IReadOnlyDictionary<InstructionClass, int> Classes);
