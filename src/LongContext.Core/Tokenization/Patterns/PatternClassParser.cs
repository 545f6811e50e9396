namespace LongContext.Tokenization.Patterns;

/// <summary>Reads a bracketed class: ranges, classes within classes, and intersections by &amp;&amp;.</summary>
internal sealed class PatternClassParser(PatternReader reader, bool ignoreCase)
{
    private const int DeepestNesting = 32;
    private int _depth;

    /// <summary>From behind the opening bracket to behind the closing one.</summary>
    public CodePointSet Parse()
    {
        if (++_depth > DeepestNesting) throw reader.Unsupported($"nesting of more than {DeepestNesting} classes");
        bool opposite = reader.TryTake('^');
        var intersected = new List<CodePointSet>();
        var part = new CodePointSetBuilder();

        // A bracket that comes first closes nothing when there is another one to close the class.
        if (reader.Peek() == ']')
        {
            reader.Next();
            part.Add(']', ']');
        }

        while (!reader.TryTake(']'))
        {
            if (reader.AtEnd) throw reader.Fault("a class is not closed");
            if (reader.TryTake("&&"))
            {
                intersected.Add(part.Build());
                part = new CodePointSetBuilder();
                continue;
            }

            ReadItem(part);
        }

        _depth--;
        intersected.Add(part.Build());
        CodePointSet set = CodePointSet.Intersection(intersected);
        if (ignoreCase) set = CaseFolding.Close(set);
        return opposite ? set.Complement() : set;
    }

    private void ReadItem(CodePointSetBuilder part)
    {
        if (reader.TryTake("[:"))
        {
            bool opposite = reader.TryTake('^');
            string name = reader.Until(":]");
            CodePointSet named = UnicodeSets.Bracket(name) ?? throw reader.Unsupported($"the class \"[:{name}:]\"");
            part.Add(opposite ? named.Complement() : named);
            return;
        }

        if (reader.TryTake('['))
        {
            part.Add(Parse());
            return;
        }

        if (reader.Peek() == '\\' && ReadSetEscape() is { } set)
        {
            if (reader.Peek() == '-' && reader.Peek(1) != ']') throw reader.Unsupported("a range that begins with a class");
            part.Add(set);
            return;
        }

        int first = ReadCharacter();
        if (reader.Peek() != '-' || reader.Peek(1) == ']')
        {
            CheckCase(first);
            part.Add(first, first);
            return;
        }

        reader.Next();
        if (reader.Peek() == '[' || reader.AtEnd) throw reader.Unsupported("a range without an end");
        int last = ReadCharacter();
        if (last < first) throw reader.Fault($"the range from U+{first:X4} to U+{last:X4} is empty");
        if (ignoreCase && last >= 128) throw reader.Unsupported("a range beyond ASCII without regard to case");
        part.Add(first, last);
    }

    private void CheckCase(int codePoint)
    {
        if (ignoreCase && !CaseFolding.HasNoCase(codePoint))
            throw reader.Unsupported($"'{char.ConvertFromUtf32(codePoint)}' without regard to case");
    }

    private CodePointSet? ReadSetEscape()
    {
        int start = reader.Position;
        reader.Next();
        CodePointSet? set = PatternEscapes.TryReadSet(reader, ignoreCase, UnicodeSets.WordInClass);
        if (set is null) reader.Position = start;
        return set;
    }

    private int ReadCharacter()
    {
        int next = reader.Next();
        if (next != '\\') return next;
        if (reader.TryTake('b')) return '\b';
        return PatternEscapes.ReadCharacter(reader);
    }
}
