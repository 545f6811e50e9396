namespace LongContext.Tokenization.Patterns;

/// <summary>A piece of a parsed pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>The number of code points that it always takes, or null where that varies.</summary>
    public abstract int? Width { get; }

    /// <summary>One code point of a set.</summary>
    public sealed record One(CodePointSet Set) : PatternNode
    {
        public override int? Width => 1;
    }

    /// <summary>One after the other.</summary>
    public sealed record Sequence(IReadOnlyList<PatternNode> Parts) : PatternNode
    {
        public override int? Width => Parts.Aggregate((int?)0, (sum, part) => sum + part.Width);
    }

    /// <summary>The first that leads to a match.</summary>
    public sealed record Choice(IReadOnlyList<PatternNode> Branches) : PatternNode
    {
        public override int? Width => Branches.All(branch => branch.Width == Branches[0].Width) ? Branches[0].Width : null;
    }

    /// <summary>So often; <see cref="int.MaxValue"/> is without limit.</summary>
    public sealed record Loop(PatternNode Body, int Least, int Most, bool Lazy) : PatternNode
    {
        public override int? Width => Least == Most ? Body.Width * Least : null;
    }

    /// <summary>Without a way back into it.</summary>
    public sealed record Atomic(PatternNode Body) : PatternNode
    {
        public override int? Width => Body.Width;
    }

    /// <summary>A condition on the text around; takes nothing.</summary>
    public sealed record Look(PatternNode Body, bool Behind, bool Negative) : PatternNode
    {
        public override int? Width => 0;
    }

    /// <summary>A condition on the place; takes nothing.</summary>
    public sealed record Anchor(PatternOp Op) : PatternNode
    {
        public override int? Width => 0;
    }
}
