using System.Collections;
using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>
/// Finds registers that some path may read before they are written, and wraps the instructions that touch them: only these are watched
/// while the kernel runs. The same holds for registers that an asynchronous unit may hold.
/// </summary>
internal static class RegisterTracking
{
    public static Instruction[] Apply(KernelCode kernel, List<DecodedInstruction> decoded)
    {
        HashSet<int> doubtful = MaybeUnwritten(kernel, decoded);
        var tracked = new Dictionary<int, int>();
        foreach (int register in doubtful.Order())
        {
            tracked.Add(register, tracked.Count);
            kernel.TrackedNames.Add(kernel.Source.Registers[register].Name);
        }
        var async = new Dictionary<int, int>();
        foreach (int register in decoded.SelectMany(x => x.AsyncRegisters))
        {
            if (async.TryAdd(register, async.Count))
                kernel.AsyncNames.Add(kernel.Source.Registers[register].Name);
        }
        kernel.AsyncIndex = async;
        var result = new Instruction[decoded.Count];
        for (int i = 0; i < result.Length; i++)
        {
            DecodedInstruction d = decoded[i];
            int guard = d.Instruction.Source.Guard is { } g && tracked.TryGetValue(g.Index, out int t) ? t : -1;
            int[] reads = [.. d.Reads.Where(tracked.ContainsKey).Select(x => tracked[x]).Distinct()];
            int[] writes = [.. d.Writes.Where(tracked.ContainsKey).Select(x => tracked[x]).Distinct()];
            int[] held = d.AsyncRegisters.Length > 0 ? [] : [.. d.Reads.Concat(d.Writes).Where(async.ContainsKey).Select(x => async[x]).Distinct()];
            int[] changed = d.AsyncRegisters.Length > 0 ? [] : [.. d.Writes.Where(async.ContainsKey).Select(x => async[x]).Distinct()];
            result[i] = guard < 0 && reads.Length == 0 && writes.Length == 0 && held.Length == 0 ? d.Instruction
                : new TrackedInstruction(d.Instruction, guard, reads, writes, held, changed, kernel) { Source = d.Instruction.Source, Index = i, Class = d.Instruction.Class };
        }
        return result;
    }

    private static HashSet<int> MaybeUnwritten(KernelCode kernel, List<DecodedInstruction> decoded)
    {
        var flow = new ControlFlow(kernel.Source);
        int count = kernel.Source.Registers.Count;
        List<int>[] predecessors = flow.Predecessors();
        var after = new BitArray[flow.Count];
        for (int b = 0; b < flow.Count; b++)
            after[b] = new BitArray(count, true);
        BitArray Entry(int b)
        {
            var written = new BitArray(count, b != 0);
            if (b == 0)
                return written;
            foreach (int p in predecessors[b])
                written.And(after[p]);
            return written;
        }

        for (bool changed = true; changed;)
        {
            changed = false;
            for (int b = 0; b < flow.Count; b++)
            {
                BitArray written = Entry(b);
                for (int i = flow.Starts[b]; i < flow.Starts[b + 1]; i++)
                {
                    if (decoded[i].Instruction.Guard >= 0)
                        continue;
                    foreach (int register in decoded[i].Writes)
                        written[register] = true;
                }
                if (!Same(written, after[b]))
                {
                    after[b] = written;
                    changed = true;
                }
            }
        }
        var doubtful = new HashSet<int>();
        for (int b = 0; b < flow.Count; b++)
        {
            BitArray written = Entry(b);
            for (int i = flow.Starts[b]; i < flow.Starts[b + 1]; i++)
            {
                if (decoded[i].Instruction.Source.Guard is { } guard && !written[guard.Index])
                    doubtful.Add(guard.Index);
                foreach (int register in decoded[i].Reads)
                {
                    if (!written[register])
                        doubtful.Add(register);
                }
                if (decoded[i].Instruction.Guard < 0)
                {
                    foreach (int register in decoded[i].Writes)
                        written[register] = true;
                }
            }
        }
        return doubtful;
    }

    private static bool Same(BitArray a, BitArray b) => !((BitArray)a.Clone()).Xor(b).HasAnySet();
}
