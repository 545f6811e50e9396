namespace LongContext.Tokenization.Patterns;

/// <summary>Something to look for in a text.</summary>
internal abstract class TextPattern
{
    /// <summary>The leftmost match at or after <paramref name="from"/>; false, and both at the text's end, when there is none.</summary>
    public abstract bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end);

    /// <summary>The same, by a pattern whose work is not bound to the text's length no longer than it has steps left.</summary>
    /// <exception cref="InvalidOperationException">The budget is spent; the message names the pattern.</exception>
    public virtual bool TryFind(ReadOnlySpan<char> text, int from, PatternBudget budget, out int start, out int end) => TryFind(text, from, out start, out end);

    /// <summary>Takes the pattern of a "pattern" field: {"String": …} or {"Regex": …}.</summary>
    public static TextPattern Read(JsonField field)
    {
        if (field.Optional("Regex") is { } regex) return RegexPattern.ReadRegex(regex);
        JsonField literal = field.Required("String");
        string text = literal.Text();
        return text.Length > 0 ? new LiteralPattern(text) : throw literal.Fault("expected a text to look for, found an empty string");
    }

    /// <summary>All matches in their order. An empty one right behind another is passed over, so that each step gets on.</summary>
    public MatchEnumerator Matches(ReadOnlySpan<char> text, PatternBudget budget) => new(this, text, budget);

    /// <summary>Goes from match to match.</summary>
    public ref struct MatchEnumerator(TextPattern pattern, ReadOnlySpan<char> text, PatternBudget budget)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _from;
        private int _lastEnd = -1;

        public int Start { get; private set; }

        public int End { get; private set; }

        public bool MoveNext()
        {
            while (_from <= _text.Length && pattern.TryFind(_text, _from, budget, out int start, out int end))
            {
                if (start == end && end == _lastEnd)
                {
                    if (_from == _text.Length) return false;
                    CodePoints.At(_text, _from, out int length);
                    _from += length;
                    continue;
                }

                (Start, End) = (start, end);
                _from = _lastEnd = end;
                return true;
            }

            return false;
        }
    }
}
