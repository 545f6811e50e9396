namespace LongContext.Tokenization.Patterns;

/// <summary>A compiled pattern: instructions for a <see cref="PatternMachine"/>. Safe for use by several threads.</summary>
internal sealed class PatternProgram(string pattern, PatternInstruction[] code, int marks)
{
    private const int LongestShown = 200;

    [ThreadStatic]
    private static PatternMachine? t_machine;

    /// <summary>The pattern, a long one's beginning, for messages.</summary>
    public string Pattern { get; } = pattern.Length <= LongestShown ? pattern : pattern[..LongestShown] + "…";

    public PatternInstruction[] Code => code;

    /// <summary>How many loops keep a mark.</summary>
    public int Marks => marks;

    /// <summary>The leftmost match at or after <paramref name="from"/>, which stands at the start of a character.</summary>
    /// <exception cref="InvalidOperationException">It takes too many tries at one place, or more steps than are left for the text.</exception>
    public bool TryFind(ReadOnlySpan<char> text, int from, PatternBudget budget, out int start, out int end)
    {
        PatternMachine machine = t_machine ??= new PatternMachine();
        machine.Start(this, budget.Left);
        for (start = from; start <= text.Length; start++)
        {
            if (start < text.Length && char.IsLowSurrogate(text[start])) continue;
            end = machine.Run(text, start);
            budget.Left = machine.Left;
            if (end >= 0) return true;
        }

        start = end = text.Length;
        return false;
    }
}
