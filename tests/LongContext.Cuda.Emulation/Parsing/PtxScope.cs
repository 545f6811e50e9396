namespace LongContext.Cuda.Emulation.Parsing;

/// <summary>What is declared between a pair of braces: registers, families of registers, labels.</summary>
internal sealed class PtxScope(PtxScope? parent)
{
    private readonly Dictionary<string, PtxRegister> registers = [];
    private readonly Dictionary<string, (PtxType Type, int Count)> families = [];
    private readonly Dictionary<string, PtxType> singles = [];

    public PtxScope? Parent { get; } = parent;

    public Dictionary<string, int> Labels { get; } = [];

    public List<(LabelOperand Label, int Line)> Pending { get; } = [];

    public bool Declare(string name, PtxType type) => singles.TryAdd(name, type);

    public bool DeclareFamily(string prefix, PtxType type, int count) => families.TryAdd(prefix, (type, count));

    /// <summary>The register of that name, counted into <paramref name="used"/> at its first use; null where none is declared.</summary>
    public PtxRegister? Find(string name, List<PtxRegister> used)
    {
        if (registers.TryGetValue(name, out PtxRegister? register))
            return register;
        PtxType type = PtxType.None;
        if (singles.TryGetValue(name, out PtxType single))
            type = single;
        else
        {
            int digits = name.Length;
            while (digits > 0 && char.IsAsciiDigit(name[digits - 1]))
                digits--;
            // A family %r<n> declares %r0 … %r(n−1).
            for (; digits < name.Length; digits++)
            {
                if (families.TryGetValue(name[..digits], out (PtxType Type, int Count) family)
                    && (name[digits] != '0' || digits == name.Length - 1) && int.Parse(name.AsSpan(digits)) < family.Count)
                {
                    type = family.Type;
                    break;
                }
            }
        }
        if (type == PtxType.None)
            return Parent?.Find(name, used);
        register = new PtxRegister(name, type, used.Count);
        used.Add(register);
        registers.Add(name, register);
        return register;
    }
}
