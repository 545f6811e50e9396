using System.Collections;
using System.Globalization;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>
/// The parts of a kernel whose warps have a number of registers of their own. An assembler that cannot fit one into its number leaves out every
/// setmaxnreg of the kernel, and then those that were to take registers spill.
/// </summary>
internal static class RegisterRoles
{
    public static IReadOnlyList<RoleStatistics> Find(KernelCode kernel, ControlFlow flow)
    {
        IReadOnlyList<PtxInstruction> code = kernel.Source.Instructions;
        int[] starts = [.. Enumerable.Range(0, code.Count).Where(i => code[i].Parts[0] == "setmaxnreg")];
        if (starts.Length == 0)
            return [];
        RegisterSet free = Nameable(kernel);
        return [.. starts.Select(start =>
        {
            (int registers, _, int line) = Liveness.Maximum(kernel, flow, After(flow, code.Count, start), free);
            return new RoleStatistics(Limit(code[start]), code[start].Parts[1] == "dec", registers, line);
        })];
    }

    private static int Limit(PtxInstruction setting) =>
        setting.Operands[0] is ImmediateOperand { Bits: var number } ? (int)number : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"line {setting.Line}: no number"));

    /// <summary>The instructions that may run after one.</summary>
    private static BitArray After(ControlFlow flow, int count, int start)
    {
        var result = new BitArray(count);
        int own = flow.BlockOf[start];
        for (int i = start + 1; i < flow.Starts[own + 1]; i++)
            result[i] = true;
        var open = new Stack<int>(flow.Successors[own]);
        var seen = new HashSet<int>();
        while (open.TryPop(out int block))
        {
            if (!seen.Add(block))
                continue;
            for (int i = flow.Starts[block]; i < flow.Starts[block + 1]; i++)
                result[i] = true;
            foreach (int next in flow.Successors[block])
                open.Push(next);
        }
        return result;
    }

    /// <summary>
    /// Registers that hold nothing but a constant, an address of shared memory or of parameters, or a parameter as it is: instructions name these
    /// themselves (immediates, the constant bank), and clang keeps them in registers only because PTX has no other way.
    /// </summary>
    private static RegisterSet Nameable(KernelCode kernel)
    {
        int count = kernel.Source.Registers.Count;
        int[] writes = new int[count];
        foreach (int write in kernel.Decoded.SelectMany(instruction => instruction.Writes))
            writes[write]++;
        RegisterSet constants = new(count), result = new(count);
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (DecodedInstruction instruction in kernel.Decoded)
            {
                PtxInstruction source = instruction.Instruction.Source;
                if (source.Guard is not null || instruction.Writes.Length == 0 || Array.Exists(instruction.Writes, write => writes[write] != 1 || result[write]) || ReadsThread(source))
                    continue;
                bool ofConstants = Array.TrueForAll(instruction.Reads, read => constants[read]);
                bool constant = ofConstants && source.Parts[0] is ("mov" or "cvt" or "cvta" or "add" or "sub" or "shl" or "or");
                bool named = source.Parts is ["ld", "param", ..] ? ofConstants : source.Parts[0] is ("mov" or "cvta") && Array.TrueForAll(instruction.Reads, read => result[read]);
                if (!constant && !named)
                    continue;
                foreach (int write in instruction.Writes)
                {
                    result[write] = true;
                    constants[write] = constant;
                }
                changed = true;
            }
        }
        return result;
    }

    private static bool ReadsThread(PtxInstruction source) => source.Operands.Any(operand => operand is SpecialOperand);
}
