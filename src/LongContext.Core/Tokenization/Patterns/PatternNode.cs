namespace LongContext.Tokenization.Patterns;

/// <summary>A piece of a parsed pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>The number of code points that it always takes, or null where that varies.</summary>
    public abstract int? Width { get; }

    /// <summary>How many nodes lie within each other here, which is how deep a walk over them goes.</summary>
    public virtual int Height => 1;

    /// <summary>Widths that are longer than any text count as one.</summary>
    private static int? Saturated(long? width) => width is { } known ? (int)Math.Min(known, int.MaxValue) : null;

    private static int HighestOf(IReadOnlyList<PatternNode> nodes) => nodes.Count == 0 ? 0 : nodes.Max(node => node.Height);

    /// <summary>One code point of a set.</summary>
    public sealed record One(CodePointSet Set) : PatternNode
    {
        public override int? Width => 1;
    }

    /// <summary>One after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override int? Width => Parts.Aggregate((int?)0, (sum, part) => Saturated((long?)sum + part.Width));

        public override int Height { get; } = 1 + HighestOf(Parts);
    }

    /// <summary>The first that leads to a match.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Branches) : PatternNode
    {
        public override int? Width
        {
            get
            {
                // Each branch is asked once: it asks all that lies within it.
                int? first = Branches[0].Width;
                return Branches.Skip(1).All(branch => branch.Width == first) ? first : null;
            }
        }

        public override int Height { get; } = 1 + HighestOf(Branches);
    }

    /// <summary>So often; <see cref="int.MaxValue"/> is without limit.</summary>
    public sealed record Loop(PatternNode Body, int Least, int Most, bool Lazy) : PatternNode
    {
        public override int? Width => Least == Most ? Saturated((long?)Body.Width * Least) : null;

        public override int Height { get; } = 1 + Body.Height;
    }

    /// <summary>Without a way back into it.</summary>
    public sealed record Atomic(PatternNode Body) : PatternNode
    {
        public override int? Width => Body.Width;

        public override int Height { get; } = 1 + Body.Height;
    }

    /// <summary>A condition on the text around; takes nothing.</summary>
    public sealed record Look(PatternNode Body, bool Behind, bool Negative) : PatternNode
    {
        public override int? Width => 0;

        public override int Height { get; } = 1 + Body.Height;
    }

    /// <summary>A condition on the place; takes nothing.</summary>
    public sealed record Anchor(PatternOp Op) : PatternNode
    {
        public override int? Width => 0;
    }
}
