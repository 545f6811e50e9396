using static LongContext.Tokenization.Patterns.PatternNode;

namespace LongContext.Tokenization.Patterns;

/// <summary>
/// Reads a regular expression in Oniguruma's (Ruby's) dialect, the one of tokenizer.json. What it cannot carry over exactly it
/// refuses by name: captures referred to, absent operators, graphemes, subroutine calls, the free-spacing mode.
/// </summary>
internal sealed class PatternParser
{
    private const int DeepestNesting = 64;
    private const int TooManyQuantifiers = 64;
    private readonly PatternReader _reader;
    private int _depth;

    private PatternParser(PatternReader reader) => _reader = reader;

    /// <exception cref="PatternException">The pattern is wrong, or not supported.</exception>
    public static PatternNode Parse(string pattern)
    {
        var parser = new PatternParser(new PatternReader(pattern));
        PatternNode node = parser.ParseChoice(default);
        return parser._reader.AtEnd ? node : throw parser._reader.Fault("a closing parenthesis has no opening one");
    }

    private Choice ParseChoice(PatternOptions options)
    {
        List<PatternNode> branches = [ParseSequence(options)];
        while (_reader.TryTake('|')) branches.Add(ParseSequence(options));
        return new Choice(branches);
    }

    private Sequence ParseSequence(PatternOptions options)
    {
        List<PatternNode> parts = [];
        int before = 0;
        while (!_reader.AtEnd && _reader.Peek() is not ('|' or ')'))
        {
            int literal = options.IgnoreCase ? _reader.Peek() : 0;
            if (CaseFolding.IsFoldedPair(before, literal)) throw _reader.Unsupported($"\"{(char)before}{(char)literal}\" without regard to case");
            before = literal;
            parts.Add(ParseQuantifiers(ParseAtom(options)));
        }

        return new Sequence(parts);
    }

    private PatternNode ParseAtom(PatternOptions options)
    {
        int next = _reader.Next();
        return next switch
        {
            '.' => new One(options.DotAll ? UnicodeSets.Any : UnicodeSets.NotNewLine),
            '^' => new Anchor(PatternOp.LineStart),
            '$' => new Anchor(PatternOp.LineEnd),
            '(' => ParseGroup(options),
            '[' => new One(new PatternClassParser(_reader, options.IgnoreCase).Parse()),
            '\\' => ParseEscape(options),
            '*' or '+' or '?' => throw _reader.Fault("there is nothing to repeat"),
            _ => Literal(next, options),
        };
    }

    private One Literal(int codePoint, PatternOptions options)
    {
        if (!options.IgnoreCase) return new One(CodePointSet.Of(codePoint));
        if (!CaseFolding.HasNoCase(codePoint)) throw _reader.Unsupported($"'{char.ConvertFromUtf32(codePoint)}' without regard to case");
        return new One(CaseFolding.Variants(codePoint));
    }

    private PatternNode ParseEscape(PatternOptions options)
    {
        PatternOp? anchor = _reader.Peek() switch
        {
            'A' => PatternOp.TextStart,
            'z' => PatternOp.TextEnd,
            'Z' => PatternOp.LastLineEnd,
            'b' => PatternOp.WordBorder,
            'B' => PatternOp.NoWordBorder,
            _ => null,
        };
        if (anchor is { } op)
        {
            _reader.Next();
            return new Anchor(op);
        }

        if (PatternEscapes.TryReadSet(_reader, options.IgnoreCase, UnicodeSets.Word) is { } set) return new One(set);
        return Literal(PatternEscapes.ReadCharacter(_reader), options);
    }

    private PatternNode ParseGroup(PatternOptions options)
    {
        if (++_depth > DeepestNesting) throw _reader.Unsupported($"nesting of more than {DeepestNesting} groups");
        PatternNode node = ParseOpenedGroup(options);
        _depth--;
        return node;
    }

    private PatternNode ParseOpenedGroup(PatternOptions options)
    {
        if (!_reader.TryTake('?')) return Closed(ParseChoice(options));
        if (_reader.TryTake(':')) return Closed(ParseChoice(options));
        if (_reader.TryTake('>')) return new Atomic(Closed(ParseChoice(options)));
        if (_reader.TryTake('=')) return new Look(Closed(ParseChoice(options)), Behind: false, Negative: false);
        if (_reader.TryTake('!')) return new Look(Closed(ParseChoice(options)), Behind: false, Negative: true);
        if (_reader.TryTake("<=")) return new Look(Closed(ParseChoice(options)), Behind: true, Negative: false);
        if (_reader.TryTake("<!")) return new Look(Closed(ParseChoice(options)), Behind: true, Negative: true);
        if (_reader.TryTake('#'))
        {
            _reader.Until(")");
            return new Sequence([]);
        }

        if (_reader.TryTake('<'))
        {
            _reader.Until(">"); // a name, which nothing here refers to
            return Closed(ParseChoice(options));
        }

        PatternOptions changed = ParseOptions(options);
        if (_reader.TryTake(':')) return Closed(ParseChoice(changed));
        if (!_reader.TryTake(')')) throw _reader.Unsupported($"the group \"(?{char.ConvertFromUtf32(_reader.Next())}\"");

        // As in Ruby: it holds up to the end of the group around it, and all of that belongs to it, choices included.
        return ParseChoice(changed);
    }

    private PatternOptions ParseOptions(PatternOptions options)
    {
        bool on = true;
        while (true)
        {
            switch (_reader.Peek())
            {
                case '-': on = false; break;
                case 'i': options = options with { IgnoreCase = on }; break;
                case 'm': options = options with { DotAll = on }; break;
                case 'x' when on: throw _reader.Unsupported("the free-spacing option \"x\"");
                case 'x': break;
                default: return options;
            }

            _reader.Next();
        }
    }

    private Choice Closed(Choice body) => _reader.TryTake(')') ? body : throw _reader.Fault("a group is not closed");

    private PatternNode ParseQuantifiers(PatternNode node)
    {
        for (int count = 1; ; count++)
        {
            int start = _reader.Position;
            int least = 0, most = int.MaxValue;
            bool interval = false;
            if (_reader.TryTake('+')) least = 1;
            else if (_reader.TryTake('?')) most = 1;
            else if (_reader.Peek() == '{' && TryReadInterval(out least, out most)) interval = true;
            else if (!_reader.TryTake('*')) return node;

            if (count >= TooManyQuantifiers) throw _reader.Unsupported($"{TooManyQuantifiers} or more quantifiers in a row");
            if (node is Anchor or Look) throw _reader.Unsupported($"a repeated assertion at character {start}");
            // {n,m}+ repeats once more, and {n}? makes optional; only ?, * and + have possessive forms.
            bool lazy = (!interval || least != most) && _reader.TryTake('?');
            bool possessive = !interval && !lazy && _reader.TryTake('+');
            node = new Loop(node, least, most, lazy);
            if (possessive) node = new Atomic(node);
        }
    }

    /// <summary>{n}, {n,}, {,m} or {n,m}; anything else after a brace is the text itself.</summary>
    private bool TryReadInterval(out int least, out int most)
    {
        int start = _reader.Position;
        _reader.Next();
        int first = _reader.Number();
        bool comma = _reader.TryTake(',');
        int second = comma ? _reader.Number() : first;
        (least, most) = (Math.Max(first, 0), second < 0 ? int.MaxValue : second);
        if (_reader.TryTake('}') && (first >= 0 || second >= 0))
        {
            if (least > most) throw _reader.Unsupported($"an interval from {least} to {most}");
            return true;
        }

        _reader.Position = start;
        return false;
    }
}
