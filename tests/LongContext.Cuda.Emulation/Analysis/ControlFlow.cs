using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>The basic blocks of a kernel and the paths between them.</summary>
internal sealed class ControlFlow
{
    /// <summary>First instruction of each block; the last entry is the number of instructions.</summary>
    public List<int> Starts { get; } = [];

    public List<int[]> Successors { get; } = [];

    public int Count => Successors.Count;

    public int[] BlockOf { get; }

    public ControlFlow(PtxKernel kernel)
    {
        IReadOnlyList<PtxInstruction> code = kernel.Instructions;
        var leaders = new SortedSet<int> { 0 };
        for (int i = 0; i < code.Count; i++)
        {
            if (Target(code[i]) is { } target && target < code.Count)
                leaders.Add(target);
            if (Ends(code[i]) && i + 1 < code.Count)
                leaders.Add(i + 1);
        }
        Starts.AddRange(leaders);
        Starts.Add(code.Count);
        BlockOf = new int[code.Count];
        for (int b = 0; b + 1 < Starts.Count; b++)
        {
            for (int i = Starts[b]; i < Starts[b + 1]; i++)
                BlockOf[i] = b;
        }
        for (int b = 0; b + 1 < Starts.Count; b++)
        {
            PtxInstruction last = code[Starts[b + 1] - 1];
            var next = new List<int>(2);
            if (Target(last) is { } target && target < code.Count)
                next.Add(BlockOf[target]);
            bool falls = !Ends(last) || last.Guard is not null;
            if (falls && b + 2 < Starts.Count)
                next.Add(b + 1);
            Successors.Add([.. next.Distinct()]);
        }
    }

    private static bool Ends(PtxInstruction instruction) => instruction.Parts[0] is "bra" or "ret" or "exit" or "trap";

    private static int? Target(PtxInstruction instruction) =>
        instruction.Parts[0] == "bra" && instruction.Operands.Count == 1 && instruction.Operands[0] is LabelOperand label ? label.Target : null;

    public List<int>[] Predecessors()
    {
        var result = new List<int>[Count];
        for (int b = 0; b < Count; b++)
            result[b] = [];
        for (int b = 0; b < Count; b++)
        {
            foreach (int s in Successors[b])
                result[s].Add(b);
        }
        return result;
    }
}
