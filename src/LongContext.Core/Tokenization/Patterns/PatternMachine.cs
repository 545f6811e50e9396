using System.Diagnostics.CodeAnalysis;

namespace LongContext.Tokenization.Patterns;

/// <summary>
/// Runs a program on a text by backtracking, as Oniguruma does. The way back is a stack on the heap, so that a long text
/// cannot exhaust the thread's; a run of one set takes one entry however long it is.
/// </summary>
internal sealed class PatternMachine
{
    // Oniguruma's own limit per match.
    private const int MostRetries = 10_000_000;

    private PatternProgram _program = null!;
    private Entry[] _stack = new Entry[64];
    private int[] _marks = [];
    private int _depth;
    private int _retries;

    /// <summary>Steps that are left.</summary>
    public long Left { get; private set; }

    public void Start(PatternProgram program, long steps)
    {
        _program = program;
        Left = steps;
        if (_marks.Length < program.Marks) _marks = new int[program.Marks];
        if (_stack.Length > 1 << 16) _stack = new Entry[64];
    }

    /// <summary>The end of the match that begins at <paramref name="position"/>, or −1 where there is none.</summary>
    public int Run(ReadOnlySpan<char> text, int position)
    {
        _depth = 0;
        _retries = 0;
        return Run(text, 0, position);
    }

    private int Run(ReadOnlySpan<char> text, int at, int position)
    {
        int bottom = _depth, steps = 0;
        PatternInstruction[] code = _program.Code;
        while (true)
        {
            ref readonly PatternInstruction step = ref code[at];
            bool matched = true;
            steps++;
            switch (step.Op)
            {
                case PatternOp.Match:
                    Spend(steps);
                    _depth = bottom;
                    return position;
                case PatternOp.Set:
                    matched = TryTake(text, step.Set!, ref position);
                    at++;
                    break;
                case PatternOp.Repeat:
                case PatternOp.RepeatPossessively:
                    matched = TryRepeat(text, step, at + 1, ref position);
                    at++;
                    break;
                case PatternOp.Split:
                    Push(step.Other, position, -1);
                    at = step.Target;
                    break;
                case PatternOp.Jump:
                    at = step.Target;
                    break;
                case PatternOp.Mark:
                    Push(-1 - step.Least, _marks[step.Least], -1);
                    _marks[step.Least] = position;
                    at++;
                    break;
                case PatternOp.LoopIfMoved:
                    Spend(steps);
                    steps = 0;
                    at = _marks[step.Least] != position ? step.Target : step.Other;
                    break;
                case PatternOp.Atomic:
                    int end = Run(text, at + 1, position);
                    matched = end >= 0;
                    if (matched) position = end;
                    at = step.Target;
                    break;
                default:
                    matched = Holds(text, step, at, position);
                    at = step.Op <= PatternOp.NotBehind ? step.Target : at + 1;
                    break;
            }

            if (matched) continue;
            Spend(steps);
            steps = 0;
            if (!TryGoBack(text, bottom, out at, out position)) return -1;
        }
    }

    private static bool TryTake(ReadOnlySpan<char> text, CodePointSet set, ref int position)
    {
        if (position >= text.Length || !set.Contains(CodePoints.At(text, position, out int length))) return false;
        position += length;
        return true;
    }

    private bool TryRepeat(ReadOnlySpan<char> text, in PatternInstruction step, int next, ref int position)
    {
        int count = 0, least = position;
        while (count < step.Most && TryTake(text, step.Set!, ref position))
        {
            if (++count <= step.Least) least = position;
        }

        Left -= count; // looked at with the next step back, loop or end
        if (count < step.Least) return false;
        if (step.Op == PatternOp.Repeat && position > least) Push(next, position, least);
        return true;
    }

    private bool Holds(ReadOnlySpan<char> text, in PatternInstruction step, int at, int position)
    {
        switch (step.Op)
        {
            case PatternOp.LookAhead: return Run(text, at + 1, position) >= 0;
            case PatternOp.NotAhead: return Run(text, at + 1, position) < 0;
            case PatternOp.LookBehind: return HoldsBehind(text, step, at, position);
            case PatternOp.NotBehind: return !HoldsBehind(text, step, at, position);
            case PatternOp.LineStart: return position == 0 || (text[position - 1] == '\n' && position < text.Length);
            case PatternOp.LineEnd: return position == text.Length || text[position] == '\n';
            case PatternOp.TextStart: return position == 0;
            case PatternOp.TextEnd: return position == text.Length;
            case PatternOp.LastLineEnd: return position == text.Length || (position == text.Length - 1 && text[position] == '\n');
            case PatternOp.WordBorder: return IsWordBorder(text, position);
            case PatternOp.NoWordBorder: return !IsWordBorder(text, position);
            default: throw new InvalidOperationException($"No such step: {step.Op}.");
        }
    }

    /// <summary>A body of that width ends where it began plus the width, so it ends here.</summary>
    private bool HoldsBehind(ReadOnlySpan<char> text, in PatternInstruction step, int at, int position)
    {
        if (step.Least > position) return false;
        Left -= step.Least;
        for (int i = 0; i < step.Least; i++)
        {
            if (position == 0) return false;
            position -= CodePoints.LengthBefore(text, position);
        }

        return Run(text, at + 1, position) >= 0;
    }

    private static bool IsWordBorder(ReadOnlySpan<char> text, int position)
    {
        bool before = position > 0 && UnicodeSets.Word.Contains(CodePoints.At(text, position - CodePoints.LengthBefore(text, position), out _));
        bool after = position < text.Length && UnicodeSets.Word.Contains(CodePoints.At(text, position, out _));
        return before != after;
    }

    /// <summary>Between two calls lies at most the whole program once, and the text once for each of its runs.</summary>
    private void Spend(int steps)
    {
        if ((Left -= steps) < 0) ThrowSpent();
    }

    [DoesNotReturn]
    private void ThrowSpent() =>
        throw new InvalidOperationException($"The pattern \"{_program.Pattern}\" takes too many steps on this text: many times what tokenizers' patterns take.");

    private bool TryGoBack(ReadOnlySpan<char> text, int bottom, out int at, out int position)
    {
        if (++_retries > MostRetries)
            throw new InvalidOperationException($"The pattern \"{_program.Pattern}\" gave no match in {MostRetries:N0} tries at one place.");
        while (_depth > bottom)
        {
            Entry entry = _stack[--_depth];
            if (entry.At < 0)
            {
                _marks[-1 - entry.At] = entry.Position;
                continue;
            }

            (at, position) = (entry.At, entry.Position);
            if (entry.Least >= 0)
            {
                position -= CodePoints.LengthBefore(text, position);
                if (position > entry.Least) Push(at, position, entry.Least);
            }

            return true;
        }

        at = position = -1;
        return false;
    }

    private void Push(int at, int position, int least)
    {
        if (_depth == _stack.Length) Array.Resize(ref _stack, _depth * 2);
        _stack[_depth++] = new Entry(at, position, least);
    }

    /// <summary>Where to go on; with Least, a run that can give back down to there; with At below 0, a mark to set back.</summary>
    private readonly record struct Entry(int At, int Position, int Least);
}
