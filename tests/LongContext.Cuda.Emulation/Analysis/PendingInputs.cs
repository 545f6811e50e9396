using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>
/// Registers that a wgmma reads are in use until its group is waited for, although no instruction reads them in between: the wait counts as
/// a use of those it ends.
/// </summary>
internal static class PendingInputs
{
    /// <summary>Groups committed later than this many are taken as one.</summary>
    private const int Oldest = 7;

    public static List<DecodedInstruction> Apply(PtxKernel kernel, List<DecodedInstruction> decoded)
    {
        var index = new Dictionary<int, int>();
        foreach (DecodedInstruction instruction in decoded)
        {
            foreach (int register in Inputs(instruction))
                index.TryAdd(register, index.Count);
        }
        if (index.Count == 0)
            return decoded;
        var flow = new ControlFlow(kernel);
        // For each register that products read, bit k says that k groups were committed since one that may be under way.
        var before = new byte[flow.Count][];
        for (int b = 0; b < flow.Count; b++)
            before[b] = new byte[index.Count];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = 0; b < flow.Count; b++)
            {
                byte[] ages = [.. before[b]];
                for (int i = flow.Starts[b]; i < flow.Starts[b + 1]; i++)
                    Step(decoded[i], index, ages, null);
                foreach (int s in flow.Successors[b])
                {
                    for (int r = 0; r < ages.Length; r++)
                    {
                        byte both = (byte)(before[s][r] | ages[r]);
                        changed |= both != before[s][r];
                        before[s][r] = both;
                    }
                }
            }
        }
        int[] registers = [.. index.OrderBy(x => x.Value).Select(x => x.Key)];
        var result = new List<DecodedInstruction>(decoded);
        for (int b = 0; b < flow.Count; b++)
        {
            byte[] ages = [.. before[b]];
            for (int i = flow.Starts[b]; i < flow.Starts[b + 1]; i++)
            {
                var ended = new List<int>();
                Step(decoded[i], index, ages, ended);
                if (ended.Count > 0)
                    result[i] = decoded[i] with { SoftReads = [.. decoded[i].SoftReads, .. ended.Select(x => registers[x])] };
            }
        }
        return result;
    }

    private static IEnumerable<int> Inputs(DecodedInstruction instruction) => instruction.AsyncRegisters.Except(instruction.Writes);

    private static void Step(DecodedInstruction instruction, Dictionary<int, int> index, byte[] ages, List<int>? ended)
    {
        PtxInstruction source = instruction.Instruction.Source;
        if (source.Parts[0] != "wgmma")
        {
            foreach (int write in instruction.Writes)
            {
                if (index.TryGetValue(write, out int r))
                    ages[r] = 0;
            }
            return;
        }
        switch (source.Parts[1])
        {
            case "mma_async":
                foreach (int register in Inputs(instruction))
                    ages[index[register]] |= 1;
                break;
            case "commit_group":
                for (int r = 0; r < ages.Length; r++)
                    ages[r] = (byte)((ages[r] << 1) | (ages[r] & (1 << Oldest)));
                break;
            case "wait_group":
                // The last groups, as many as the operand says, may go on.
                int most = (int)Math.Min(Oldest - 1, ((ImmediateOperand)source.Operands[0]).Bits);
                byte stays = (byte)((1 << (most + 1)) - 1);
                for (int r = 0; r < ages.Length; r++)
                {
                    if ((ages[r] & ~stays) != 0)
                        ended?.Add(r);
                    ages[r] &= stays;
                }
                break;
        }
    }
}
