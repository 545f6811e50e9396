namespace LongContext.Cuda.Emulation.Parsing;

/// <summary>A declared register. <paramref name="Index"/> counts the registers of a kernel that its instructions use.</summary>
internal sealed record PtxRegister(string Name, PtxType Type, int Index);

internal abstract class PtxOperand
{
    public abstract string Text { get; }

    public override string ToString() => Text;
}

internal sealed class RegisterOperand(PtxRegister register, bool negated) : PtxOperand
{
    public PtxRegister Register { get; } = register;

    public bool Negated { get; } = negated;

    public override string Text => (Negated ? "!" : "") + Register.Name;
}

/// <summary>A number: an integer's value, or a float's bits of single or double width.</summary>
internal sealed class ImmediateOperand(long bits, ImmediateKind kind) : PtxOperand
{
    public long Bits { get; } = bits;

    public ImmediateKind Kind { get; } = kind;

    public override string Text => Kind == ImmediateKind.Integer ? Bits.ToString() : Kind == ImmediateKind.Single ? $"0f{Bits:X8}" : $"0d{Bits:X16}";
}

internal enum ImmediateKind
{
    Integer, Single, Double,
}

/// <summary>The address of a variable or kernel parameter.</summary>
internal sealed class SymbolOperand(PtxVariable variable, long offset) : PtxOperand
{
    public PtxVariable Variable { get; } = variable;

    public long Offset { get; } = offset;

    public override string Text => Offset == 0 ? Variable.Name : $"{Variable.Name}+{Offset}";
}

internal sealed class LabelOperand(string name) : PtxOperand
{
    public string Name { get; } = name;

    /// <summary>Index of the instruction that the label stands before; −1 until its scope is closed.</summary>
    public int Target { get; set; } = -1;

    public override string Text => Name;
}

internal sealed class SpecialOperand(string name) : PtxOperand
{
    public string Name { get; } = name;

    public override string Text => Name;
}

/// <summary>[base + offset], for tensor copies [base, {coordinates}].</summary>
internal sealed class AddressOperand(PtxOperand @base, long offset, VectorOperand? coordinates) : PtxOperand
{
    public PtxOperand Base { get; } = @base;

    public long Offset { get; } = offset;

    public VectorOperand? Coordinates { get; } = coordinates;

    public override string Text => $"[{Base.Text}{(Offset == 0 ? "" : $"+{Offset}")}{(Coordinates is null ? "" : ", " + Coordinates.Text)}]";
}

internal sealed class VectorOperand(IReadOnlyList<PtxOperand> items) : PtxOperand
{
    public IReadOnlyList<PtxOperand> Items { get; } = items;

    public override string Text => "{" + string.Join(", ", Items.Select(x => x.Text)) + "}";
}

/// <summary>first|second, as setp and shfl write two results.</summary>
internal sealed class PairOperand(PtxOperand first, PtxOperand second) : PtxOperand
{
    public PtxOperand First { get; } = first;

    public PtxOperand Second { get; } = second;

    public override string Text => First.Text + "|" + Second.Text;
}

/// <summary>The underscore: a result that is dropped.</summary>
internal sealed class SinkOperand : PtxOperand
{
    public override string Text => "_";
}
