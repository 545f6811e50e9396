using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>
/// Lets registers that are never alive together share a place in the register file, so that a warp's working set fits the CPU's caches.
/// A register's life is taken as one stretch of instructions. Lanes that diverge keep apart: an instruction writes its own lanes only.
/// </summary>
internal static class SlotAllocation
{
    public static (int[] Slots, int Bytes) Assign(PtxKernel kernel, IReadOnlyList<DecodedInstruction> decoded)
    {
        var flow = new ControlFlow(kernel);
        int count = kernel.Registers.Count;
        int[] first = new int[count], last = new int[count];
        Array.Fill(first, int.MaxValue);
        Array.Fill(last, -1);
        void Touch(int register, int at)
        {
            first[register] = Math.Min(first[register], at);
            last[register] = Math.Max(last[register], at);
        }

        for (int i = 0; i < decoded.Count; i++)
        {
            foreach (int register in decoded[i].Reads.Concat(decoded[i].Writes).Concat(decoded[i].SoftReads))
                Touch(register, i);
        }
        var liveness = new Liveness(kernel, decoded, flow);
        for (int b = 0; b < flow.Count; b++)
        {
            foreach (int register in liveness.AtStart(b).Members())
                Touch(register, flow.Starts[b]);
            foreach (int register in liveness.AtEnd(b).Members())
                Touch(register, flow.Starts[b + 1] - 1);
        }
        // What an asynchronous unit reads or writes later keeps its own place.
        foreach (int register in decoded.SelectMany(x => x.AsyncRegisters))
            (first[register], last[register]) = (0, int.MaxValue);
        return Pack(kernel, first, last);
    }

    private static (int[] Slots, int Bytes) Pack(PtxKernel kernel, int[] first, int[] last)
    {
        var slots = new int[first.Length];
        int bytes = KernelBuilder.ScratchBytes;
        var free = new Dictionary<int, Stack<int>>();
        var alive = new PriorityQueue<(int Slot, int Size), int>();
        foreach (PtxRegister register in kernel.Registers.Where(x => x.Type != PtxType.Pred).OrderBy(x => first[x.Index]))
        {
            while (alive.TryPeek(out (int Slot, int Size) ended, out int end) && end < first[register.Index])
            {
                alive.Dequeue();
                free[ended.Size].Push(ended.Slot);
            }
            int size = Math.Max(4, register.Type.Bytes()) * 32;
            if (!free.TryGetValue(size, out Stack<int>? places))
                free.Add(size, places = new Stack<int>());
            if (!places.TryPop(out int slot))
            {
                slot = bytes;
                bytes += size;
            }
            slots[register.Index] = slot;
            alive.Enqueue((slot, size), last[register.Index]);
        }
        return (slots, bytes);
    }
}
