namespace LongContext.Tokenization.Patterns;

/// <summary>One instruction; which of the operands count depends on what it does.</summary>
internal struct PatternInstruction
{
    public PatternOp Op;
    public CodePointSet? Set;
    public int Target;
    public int Other;
    public int Least;
    public int Most;
}
