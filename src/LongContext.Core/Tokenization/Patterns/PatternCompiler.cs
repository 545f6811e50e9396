using static LongContext.Tokenization.Patterns.PatternNode;

namespace LongContext.Tokenization.Patterns;

/// <summary>Makes a program of a parsed pattern.</summary>
internal sealed class PatternCompiler
{
    private const int LongestProgram = 100_000;
    private const int Highest = 512;
    private const int MostVisits = 10 * LongestProgram;
    private readonly string _pattern;
    private readonly List<PatternInstruction> _code = [];
    private int _marks;
    private int _visits;

    private PatternCompiler(string pattern) => _pattern = pattern;

    /// <exception cref="PatternException">The pattern is wrong, or not supported.</exception>
    public static PatternProgram Compile(string pattern)
    {
        var compiler = new PatternCompiler(pattern);
        PatternNode node = PatternParser.Parse(pattern);
        if (node.Height > Highest) throw new PatternException($"nesting of more than {Highest} parts in the pattern \"{pattern}\"", isUnsupported: true);
        compiler.Emit(node);
        compiler.Add(new PatternInstruction { Op = PatternOp.Match });
        return new PatternProgram(pattern, [.. compiler._code], compiler._marks);
    }

    private int Add(PatternInstruction instruction)
    {
        if (_code.Count == LongestProgram) throw TooLong();
        _code.Add(instruction);
        return _code.Count - 1;
    }

    private PatternException TooLong() => new($"repeats that multiply beyond {LongestProgram} steps in the pattern \"{_pattern}\"", isUnsupported: true);

    private void Emit(PatternNode node)
    {
        // Parts without code of their own, such as empty groups, are work all the same.
        if (++_visits > MostVisits) throw TooLong();
        switch (node)
        {
            case One one: Add(new PatternInstruction { Op = PatternOp.Set, Set = one.Set }); break;
            case Sequence sequence: foreach (PatternNode part in sequence.Parts) Emit(part); break;
            case Choice choice: EmitChoice(choice.Branches); break;
            case Loop loop: EmitLoop(loop); break;
            case Atomic { Body: Loop { Body: One one, Lazy: false } loop }: AddRepeat(PatternOp.RepeatPossessively, one, loop); break;
            case Atomic atomic: EmitBody(PatternOp.Atomic, atomic.Body, width: 0); break;
            case Look { Behind: true } look: EmitLookBehind(look); break;
            case Look look: EmitBody(look.Negative ? PatternOp.NotAhead : PatternOp.LookAhead, look.Body, width: 0); break;
            case Anchor anchor: Add(new PatternInstruction { Op = anchor.Op }); break;
            default: throw new InvalidOperationException($"No code for {node.GetType().Name}.");
        }
    }

    private void EmitChoice(IReadOnlyList<PatternNode> branches)
    {
        var ends = new List<int>();
        for (int i = 0; i < branches.Count - 1; i++)
        {
            int split = Add(new PatternInstruction { Op = PatternOp.Split, Target = _code.Count + 1 });
            Emit(branches[i]);
            ends.Add(Add(new PatternInstruction { Op = PatternOp.Jump }));
            Patch(split, other: _code.Count);
        }

        Emit(branches[^1]);
        foreach (int end in ends) Patch(end, target: _code.Count);
    }

    private void EmitLoop(Loop loop)
    {
        // A group of one set repeats like the set itself.
        PatternNode body = loop.Body;
        while (body is Choice { Branches: [Sequence { Parts: [PatternNode only] }] }) body = only;
        if (body is One one && !loop.Lazy)
        {
            AddRepeat(PatternOp.Repeat, one, loop);
            return;
        }

        for (int i = 0; i < loop.Least; i++)
        {
            int before = _code.Count;
            Emit(body);
            if (_code.Count == before) break; // nothing, which stays nothing however often
        }

        if (loop.Most == int.MaxValue)
        {
            EmitEndless(body, loop.Lazy);
            return;
        }

        var splits = new List<int>();
        for (int i = loop.Least; i < loop.Most; i++)
        {
            splits.Add(Add(new PatternInstruction { Op = PatternOp.Split }));
            Emit(body);
        }

        foreach (int split in splits) SetBranches(split, split + 1, _code.Count, loop.Lazy);
    }

    /// <summary>Split, mark, body, and back as long as the body takes something.</summary>
    private void EmitEndless(PatternNode body, bool lazy)
    {
        int mark = _marks++;
        int split = Add(new PatternInstruction { Op = PatternOp.Split });
        Add(new PatternInstruction { Op = PatternOp.Mark, Least = mark });
        Emit(body);
        Add(new PatternInstruction { Op = PatternOp.LoopIfMoved, Least = mark, Target = split, Other = _code.Count + 1 });
        SetBranches(split, split + 1, _code.Count, lazy);
    }

    private void EmitLookBehind(Look look)
    {
        // Each branch may have its own width, as in Oniguruma.
        Choice choice = look.Body as Choice ?? new Choice([look.Body]);
        if (look.Negative)
        {
            foreach (PatternNode branch in choice.Branches) EmitBody(PatternOp.NotBehind, branch, WidthOf(branch));
            return;
        }

        var ends = new List<int>();
        foreach (PatternNode branch in choice.Branches)
        {
            int split = Add(new PatternInstruction { Op = PatternOp.Split, Target = _code.Count + 1 });
            EmitBody(PatternOp.LookBehind, branch, WidthOf(branch));
            ends.Add(Add(new PatternInstruction { Op = PatternOp.Jump }));
            Patch(split, other: _code.Count);
        }

        Add(new PatternInstruction { Op = PatternOp.Set, Set = CodePointSet.Of() }); // none of them: fail
        foreach (int end in ends) Patch(end, target: _code.Count);
    }

    private int WidthOf(PatternNode branch) =>
        branch.Width ?? throw new PatternException($"a look-behind of varying length in the pattern \"{_pattern}\"", isUnsupported: true);

    private void EmitBody(PatternOp op, PatternNode body, int width)
    {
        int start = Add(new PatternInstruction { Op = op, Least = width });
        Emit(body);
        Add(new PatternInstruction { Op = PatternOp.Match });
        Patch(start, target: _code.Count);
    }

    private void AddRepeat(PatternOp op, One one, Loop loop) =>
        Add(new PatternInstruction { Op = op, Set = one.Set, Least = loop.Least, Most = loop.Most });

    private void SetBranches(int at, int body, int exit, bool lazy) => Patch(at, lazy ? exit : body, lazy ? body : exit);

    private void Patch(int at, int? target = null, int? other = null)
    {
        PatternInstruction instruction = _code[at];
        instruction.Target = target ?? instruction.Target;
        instruction.Other = other ?? instruction.Other;
        _code[at] = instruction;
    }
}
