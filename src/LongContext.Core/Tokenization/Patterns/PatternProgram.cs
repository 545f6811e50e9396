namespace LongContext.Tokenization.Patterns;

/// <summary>A compiled pattern: instructions for a <see cref="PatternMachine"/>. Safe for use by several threads.</summary>
internal sealed class PatternProgram(string pattern, PatternInstruction[] code, int marks)
{
    [ThreadStatic]
    private static PatternMachine? t_machine;

    public string Pattern => pattern;

    public PatternInstruction[] Code => code;

    /// <summary>How many loops keep a mark.</summary>
    public int Marks => marks;

    /// <summary>The leftmost match at or after <paramref name="from"/>, which stands at the start of a character.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        PatternMachine machine = t_machine ??= new PatternMachine();
        machine.Start(this);
        for (start = from; start <= text.Length; start++)
        {
            if (start < text.Length && char.IsLowSurrogate(text[start])) continue;
            end = machine.Run(text, start);
            if (end >= 0) return true;
        }

        start = end = text.Length;
        return false;
    }
}
