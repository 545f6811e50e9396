namespace LongContext.Generation.Grammars;

/// <summary>A place in a grammar: what may be read there, and where it leads.</summary>
internal sealed class GrammarNode
{
    /// <summary>Reads one byte of a range.</summary>
    public List<(byte First, byte Last, int Target)> Bytes { get; } = [];

    /// <summary>Leads on without reading.</summary>
    public List<int> Empty { get; } = [];

    /// <summary>Reads what a rule says, then goes on; whether that counts as one level deeper.</summary>
    public List<(int Rule, int Return, bool Nests)> Calls { get; } = [];

    /// <summary>How many characters of a string may follow whatever they are; as many as one likes where this is the highest number.</summary>
    public int FreeCharacters { get; set; }

    /// <summary>Whether a rule is complete here.</summary>
    public bool EndsRule { get; set; }
}
