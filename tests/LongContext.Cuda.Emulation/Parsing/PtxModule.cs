namespace LongContext.Cuda.Emulation.Parsing;

internal enum PtxSpace
{
    Generic, Global, Shared, Local, Constant, Parameter,
}

/// <summary>A variable in memory or a kernel parameter.</summary>
internal sealed class PtxVariable
{
    public required string Name { get; init; }

    public required PtxSpace Space { get; init; }

    public required PtxType Type { get; init; }

    public required int Alignment { get; init; }

    /// <summary>Size in bytes; 0 for an external array whose size the launch gives.</summary>
    public required long Bytes { get; init; }

    public bool External { get; init; }

    public byte[]? Initial { get; init; }

    /// <summary>Offset within the parameters, for a parameter.</summary>
    public int Offset { get; set; }

    public int Line { get; init; }
}

/// <summary>One instruction as written.</summary>
internal sealed class PtxInstruction
{
    public required string Opcode { get; init; }

    public required string[] Parts { get; init; }

    public required PtxRegister? Guard { get; init; }

    public required bool GuardNegated { get; init; }

    public required IReadOnlyList<PtxOperand> Operands { get; init; }

    public required int Line { get; init; }

    public string Text => Guard is null ? Body : $"@{(GuardNegated ? "!" : "")}{Guard.Name} {Body}";

    private string Body => Operands.Count == 0 ? Opcode : Opcode + " " + string.Join(", ", Operands.Select(x => x.Text));
}

internal sealed class PtxKernel
{
    public required string Name { get; init; }

    public required int Line { get; init; }

    public List<PtxVariable> Parameters { get; } = [];

    public int ParameterBytes { get; set; }

    public List<PtxInstruction> Instructions { get; } = [];

    public List<PtxRegister> Registers { get; } = [];

    /// <summary>Variables declared in the kernel's body.</summary>
    public List<PtxVariable> Variables { get; } = [];

    public int[] MaximalThreads { get; set; } = [];

    public int[] RequiredThreads { get; set; } = [];

    public int MinimalBlocks { get; set; }

    public int MaximalRegisters { get; set; }
}

/// <summary>A PTX file.</summary>
internal sealed class PtxModule
{
    public required string File { get; init; }

    /// <summary>ISA version times ten: 74 for 7.4.</summary>
    public int Version { get; set; }

    public string Target { get; set; } = "";

    /// <summary>Compute capability times ten: 80 for sm_80.</summary>
    public int Capability { get; set; }

    /// <summary>Whether the target ends in a: instructions of that one architecture are allowed.</summary>
    public bool ArchitectureSpecific { get; set; }

    public List<PtxVariable> Variables { get; } = [];

    public Dictionary<string, PtxKernel> Kernels { get; } = [];
}
