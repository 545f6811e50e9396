using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>Loops that hold no other: found by their backward edges, the body being all blocks that reach the edge without leaving by the head.</summary>
internal static class InnermostLoops
{
    public static IReadOnlyList<LoopStatistics> Find(KernelCode kernel, ControlFlow flow)
    {
        List<int>[] predecessors = flow.Predecessors();
        var loops = new Dictionary<int, HashSet<int>>();
        for (int b = 0; b < flow.Count; b++)
        {
            foreach (int head in flow.Successors[b].Where(x => x <= b))
            {
                if (!loops.TryGetValue(head, out HashSet<int>? body))
                    loops.Add(head, body = [head]);
                var open = new Stack<int>([b]);
                while (open.TryPop(out int next))
                {
                    if (next >= head && body.Add(next))
                    {
                        foreach (int p in predecessors[next])
                            open.Push(p);
                    }
                }
            }
        }
        // Asking a barrier again and again is waiting, not work.
        foreach ((int head, HashSet<int> body) in loops.ToArray())
        {
            Instruction[] code = Code(kernel, flow, body);
            if (code.Length <= 16 && code.Any(x => x.Source.Parts[0] == "mbarrier"))
                loops.Remove(head);
        }
        var result = new List<LoopStatistics>();
        foreach ((int head, HashSet<int> body) in loops.OrderBy(x => x.Key))
        {
            if (loops.Any(x => x.Key != head && body.Contains(x.Key) && x.Value.Count < body.Count))
                continue;
            Instruction[] code = Code(kernel, flow, body);
            var classes = code.GroupBy(x => x is TrackedInstruction t ? t.Inner.Class : x.Class).ToDictionary(x => x.Key, x => x.Count());
            result.Add(new LoopStatistics(code.Min(x => x.Source.Line), code.Max(x => x.Source.Line), code.Length, classes));
        }
        return result;
    }

    private static Instruction[] Code(KernelCode kernel, ControlFlow flow, HashSet<int> body) =>
        [.. body.Order().SelectMany(b => kernel.Code[flow.Starts[b]..flow.Starts[b + 1]])];
}
