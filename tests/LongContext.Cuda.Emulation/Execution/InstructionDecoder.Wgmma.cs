using System.Globalization;
using LongContext.Cuda.Emulation.Hopper;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private Instruction Warpgroup()
    {
        Require(80, 90, specific: true);
        string action = Expect("fence", "commit_group", "wait_group", "mma_async");
        Expect("sync");
        Expect("aligned");
        switch (action)
        {
            case "fence":
                Operands(0);
                return As(InstructionClass.Fence, new WgmmaFence());
            case "commit_group":
                Operands(0);
                return As(InstructionClass.Fence, new WgmmaCommit());
            case "wait_group":
                Operands(1);
                return As(InstructionClass.Fence, new WgmmaWait(checked((int)Immediate(0))));
            default:
                return AsynchronousProduct();
        }
    }

    private WgmmaInstruction AsynchronousProduct()
    {
        string shape = Here;
        part++;
        if (!shape.StartsWith("m64n", StringComparison.Ordinal) || !shape.EndsWith("k16", StringComparison.Ordinal)
            || !int.TryParse(shape.AsSpan(4, shape.Length - 7), NumberStyles.None, CultureInfo.InvariantCulture, out int n) || n % 8 != 0 || n is < 8 or > 256)
            throw Error($"shape .{shape}: m64nNk16 with N a multiple of 8 up to 256 is expected");
        PtxType d = TypeOf(PtxType.F32, PtxType.F16), a = TypeOf(PtxType.F16, PtxType.BF16), b = TypeOf(PtxType.F16, PtxType.BF16);
        if (a != b || (a == PtxType.BF16 && d == PtxType.F16))
            throw Error("these types of A, B and D do not go together");
        if (d == PtxType.F16)
            throw Error("accumulation in .f16 is not emulated");
        bool registers = source.Operands.Count > 1 && source.Operands[1] is VectorOperand;
        Operands(registers ? 7 : 8);
        if (source.Operands[0] is not VectorOperand)
            throw Error("wgmma writes a vector {…}");
        int[] to = WriteVector(0, n / 2, PtxType.F32);
        int[] accumulators = [.. Writes];
        int before = Reads.Count;
        int[]? left = registers ? ReadVector(1, 4, PtxType.B32) : null;
        int[] inputs = [.. Reads.Skip(before)];
        int aDescriptor = registers ? -1 : Read(1, PtxType.B64), bDescriptor = Read(2, PtxType.B64);
        (int scale, uint flip) = ReadPredicate(3);
        bool negateA = Scale(4), negateB = Scale(5);
        bool transposeA = !registers && Bit(6), transposeB = Bit(registers ? 6 : 7);
        // The old accumulator is an input too, unless scale-d is the constant false.
        if (source.Operands[3] is not ImmediateOperand)
            SoftReads.AddRange(accumulators);
        else if (source.Operands[3] is ImmediateOperand { Bits: not 0 })
            Reads.AddRange(accumulators);
        AsyncRegisters.AddRange(accumulators);
        AsyncRegisters.AddRange(inputs);
        return As(InstructionClass.WarpgroupMma, new WgmmaInstruction(n, a == PtxType.F16, to, left, aDescriptor, bDescriptor, scale, flip, negateA, negateB, transposeA, transposeB,
            accumulators, [.. inputs.Distinct()], kernel.Code));
    }

    private bool Scale(int i) => Immediate(i) switch { 1 => false, -1 => true, long x => throw Error($"a scale is 1 or -1, not {x}") };

    private bool Bit(int i) => Immediate(i) switch { 0 => false, 1 => true, long x => throw Error($"a transposition is 0 or 1, not {x}") };
}
