using System.Numerics;
using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>
/// Registers that an assembler would keep in one: those joined by copies, as long as none of them is written while another is still
/// needed. A copy itself does not part the two it joins, because they hold the same number.
/// </summary>
internal sealed class CopyClasses
{
    private readonly int[] parent;

    private CopyClasses(int count)
    {
        parent = new int[count];
        for (int i = 0; i < count; i++)
            parent[i] = i;
    }

    /// <summary>The register that stands for the class of <paramref name="register"/>.</summary>
    public int Of(int register)
    {
        while (parent[register] != register)
            register = parent[register] = parent[parent[register]];
        return register;
    }

    public static CopyClasses Find(KernelCode kernel, Liveness liveness)
    {
        int count = kernel.Source.Registers.Count;
        var result = new CopyClasses(count);
        var copies = new List<(int To, int From)>();
        int[] place = new int[count];
        Array.Fill(place, -1);
        int places = 0;
        foreach (DecodedInstruction instruction in kernel.Decoded)
        {
            if (!IsCopy(kernel.Source, instruction))
                continue;
            (int to, int from) = (instruction.Writes[0], instruction.Reads[0]);
            copies.Add((to, from));
            if (place[to] < 0)
                place[to] = places++;
            if (place[from] < 0)
                place[from] = places++;
        }
        if (copies.Count == 0)
            return result;
        ulong[][] apart = Interference(kernel, liveness, place, places);
        foreach ((int to, int from) in copies)
        {
            int a = result.Of(to), b = result.Of(from);
            if (a == b || Has(apart[place[a]], place[b]))
                continue;
            result.parent[b] = a;
            ulong[] joined = apart[place[a]], other = apart[place[b]];
            for (int i = 0; i < other.Length; i++)
            {
                joined[i] |= other[i];
                for (ulong bits = other[i]; bits != 0; bits &= bits - 1)
                    Add(apart[(i * 64) + BitOperations.TrailingZeroCount(bits)], place[a]);
            }
        }
        return result;
    }

    private static bool IsCopy(PtxKernel kernel, DecodedInstruction instruction)
    {
        PtxInstruction source = instruction.Instruction.Source;
        if (source.Parts[0] != "mov" || source.Operands is not [RegisterOperand, RegisterOperand])
            return false;
        PtxType to = kernel.Registers[instruction.Writes[0]].Type, from = kernel.Registers[instruction.Reads[0]].Type;
        return to != PtxType.Pred && from != PtxType.Pred && to.Bytes() == from.Bytes();
    }

    /// <summary>For each register that copies touch, those others that hold something needed where it is written.</summary>
    private static ulong[][] Interference(KernelCode kernel, Liveness liveness, int[] place, int places)
    {
        int words = (places + 63) / 64;
        var result = new ulong[places][];
        for (int i = 0; i < places; i++)
            result[i] = new ulong[words];
        void Part(int a, int b)
        {
            if (a == b)
                return;
            Add(result[a], b);
            Add(result[b], a);
        }

        ulong[] live = new ulong[words];
        for (int b = 0; b < liveness.Flow.Count; b++)
        {
            Array.Clear(live);
            foreach (int register in liveness.AtEnd(b).Members())
            {
                if (place[register] >= 0)
                    Add(live, place[register]);
            }
            for (int i = liveness.Flow.Starts[b + 1] - 1; i >= liveness.Flow.Starts[b]; i--)
            {
                DecodedInstruction instruction = kernel.Decoded[i];
                int same = IsCopy(kernel.Source, instruction) ? place[instruction.Reads[0]] : -1;
                foreach (int write in instruction.Writes)
                {
                    if (place[write] < 0)
                        continue;
                    for (int k = 0; k < words; k++)
                    {
                        for (ulong bits = live[k]; bits != 0; bits &= bits - 1)
                        {
                            int other = (k * 64) + BitOperations.TrailingZeroCount(bits);
                            if (other != same)
                                Part(place[write], other);
                        }
                    }
                    foreach (int second in instruction.Writes)
                    {
                        if (place[second] >= 0)
                            Part(place[write], place[second]);
                    }
                }
                liveness.Step(i, (register, needed) =>
                {
                    if (place[register] < 0)
                        return;
                    if (needed)
                        Add(live, place[register]);
                    else
                        live[place[register] / 64] &= ~(1ul << (place[register] % 64));
                });
            }
        }
        return result;
    }

    private static bool Has(ulong[] set, int i) => (set[i / 64] >> (i % 64) & 1) != 0;

    private static void Add(ulong[] set, int i) => set[i / 64] |= 1ul << (i % 64);
}
