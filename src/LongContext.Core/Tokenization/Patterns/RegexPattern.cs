namespace LongContext.Tokenization.Patterns;

/// <summary>A regular expression in Oniguruma's dialect.</summary>
internal sealed class RegexPattern(PatternProgram program) : TextPattern
{
    public override bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end) =>
        TryFind(text, from, new PatternBudget(text.Length), out start, out end);

    public override bool TryFind(ReadOnlySpan<char> text, int from, PatternBudget budget, out int start, out int end) =>
        program.TryFind(text, from, budget, out start, out end);

    /// <exception cref="PatternException">The pattern is wrong, or not supported.</exception>
    public static RegexPattern Compile(string pattern) => new(PatternCompiler.Compile(pattern));

    /// <summary>Of the patterns that many tokenizers share there is one written out by hand.</summary>
    public static TextPattern ReadRegex(JsonField field)
    {
        string pattern = field.Text();
        if (WordPattern.ForKnown(pattern) is { } known) return known;
        try
        {
            return Compile(pattern);
        }
        catch (PatternException e)
        {
            throw e.IsUnsupported
                ? field.Unsupported(e.Message, "Oniguruma's syntax without back references, calls, graphemes and free spacing")
                : field.Fault(e.Message);
        }
    }
}
