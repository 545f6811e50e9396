namespace LongContext.Generation.Grammars;

/// <summary>A place in a grammar: what may be read there, and where it leads.</summary>
internal sealed class GrammarNode
{
    // There are hundreds of thousands of nodes, most with one edge of one kind.
    private static readonly List<(byte First, byte Last, int Target)> NoBytes = [];
    private static readonly List<int> NoEmpty = [];
    private static readonly List<(int Rule, int Return, bool Nests)> NoCalls = [];

    /// <summary>Reads one byte of a range.</summary>
    public List<(byte First, byte Last, int Target)> Bytes { get; private set; } = NoBytes;

    /// <summary>Leads on without reading.</summary>
    public List<int> Empty { get; private set; } = NoEmpty;

    /// <summary>Reads what a rule says, then goes on; whether that counts as one level deeper.</summary>
    public List<(int Rule, int Return, bool Nests)> Calls { get; private set; } = NoCalls;

    /// <summary>How many characters of <see cref="Class"/> may follow whatever they are; as many as one likes where this is the highest number.</summary>
    public int FreeCharacters { get; set; }

    /// <summary>Which characters: a class of the grammar's.</summary>
    public int Class { get; set; }

    /// <summary>The class of characters whose rule begins here; −1 for none.</summary>
    public int BeginsClass { get; set; } = -1;

    /// <summary>Whether it lies in a string's repetition of limited length, of which there may be very many sets.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>A node further on in the same repetition that takes the same tokens, the end being too far for one token; −1 for the node itself.</summary>
    public int Twin { get; set; } = -1;

    /// <summary>Whether any text may follow, so that tokens without text may as well.</summary>
    public bool IsFree { get; set; }

    /// <summary>Whether a rule is complete here.</summary>
    public bool EndsRule { get; set; }

    public void Byte(byte first, byte last, int target) => (Bytes = ReferenceEquals(Bytes, NoBytes) ? new(1) : Bytes).Add((first, last, target));

    public void LeadTo(int target) => (Empty = ReferenceEquals(Empty, NoEmpty) ? new(1) : Empty).Add(target);

    public void Call(int rule, int next, bool nests) => (Calls = ReferenceEquals(Calls, NoCalls) ? new(1) : Calls).Add((rule, next, nests));
}
