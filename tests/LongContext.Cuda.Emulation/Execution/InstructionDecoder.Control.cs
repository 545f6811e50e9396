using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private Instruction? Control(string name)
    {
        switch (name)
        {
            case "bra":
                Next("uni");
                Operands(1);
                return As(InstructionClass.Control, new BranchInstruction(Target(0)));
            case "ret" or "exit":
                Next("uni");
                Operands(0);
                return As(InstructionClass.Control, new ExitInstruction());
            case "trap":
                Operands(0);
                return As(InstructionClass.Control, new TrapInstruction());
            case "nanosleep":
                Require(63, 70);
                TypeOf(PtxType.U32);
                Operands(1);
                Read(0, PtxType.U32);
                return As(InstructionClass.Control, new SleepInstruction());
            case "bar" or "barrier":
                return Barrier(name);
            case "membar":
                Expect("cta", "gl", "sys");
                Operands(0);
                return As(InstructionClass.Fence, new NoOperation());
            case "fence":
                return Fence();
            case "griddepcontrol":
                Require(78, 90);
                Expect("launch_dependents", "wait");
                Operands(0);
                return As(InstructionClass.Control, new NoOperation());
            default:
                return null;
        }
    }

    private Instruction Barrier(string name)
    {
        if (name == "barrier" && Next("cluster"))
            return ClusterBarrier();
        if (Next("warp"))
        {
            Require(60, 30);
            Expect("sync");
            Operands(1);
            return As(InstructionClass.Barrier, new WarpBarrier(Read(0, PtxType.B32)));
        }
        if (Next("cta"))
            Require(78, 30);
        string mode = Expect("sync", "arrive", "red");
        if (mode == "red")
            throw Error("barrier reductions are not emulated");
        bool aligned = Next("aligned") || name == "bar";
        if (name == "barrier")
            Require(60, 30);
        Operands(mode == "arrive" ? 2 : 1, 2);
        int id = source.Operands[0] is ImmediateOperand ? Constant(Immediate(0), 15, "barrier") : Read(0, PtxType.U32);
        int count = Count == 2 ? source.Operands[1] is ImmediateOperand ? Constant(Immediate(1), 1024, "thread count") : Read(1, PtxType.U32) : -1;
        if (Count == 2 && source.Operands[1] is ImmediateOperand && (Immediate(1) % 32 != 0 || Immediate(1) == 0))
            throw Error("a barrier's thread count is a multiple of 32");
        _ = aligned;
        return As(InstructionClass.Barrier, new BlockBarrier(id, count, mode == "sync"));
    }

    private int Constant(long value, long most, string what) => value >= 0 && value <= most
        ? kernel.Constant((ulong)value, 4) : throw Error($"{what} {value}: at most {most}");

    private Instruction Fence()
    {
        if (Here is "proxy" or "mbarrier_init")
            return HopperFence();
        NextOf("sc", "acq_rel");
        string scope = Expect("cta", "cluster", "gpu", "sys");
        Require(scope == "cluster" ? 78 : 60, scope == "cluster" ? 90 : 70);
        Operands(0);
        return As(InstructionClass.Fence, new NoOperation());
    }

    private Instruction? WarpWide(string name)
    {
        switch (name)
        {
            case "shfl":
                return Shuffle();
            case "vote":
                return Vote();
            case "activemask":
                Require(62, 30);
                TypeOf(PtxType.B32);
                Operands(1);
                return As(InstructionClass.Vote, new ActiveMask(Write(0, PtxType.B32)));
            case "match":
                return Match();
            case "redux":
                return Reduce();
            case "elect":
                Require(80, 90);
                Expect("sync");
                Operands(2);
                if (source.Operands[0] is not PairOperand pair)
                    throw Error("elect.sync writes a register (or _) and a predicate: d|p");
                int d = pair.First is SinkOperand ? -1 : Write(pair.First, PtxType.B32);
                return As(InstructionClass.Vote, new ElectInstruction(d, Write(pair.Second, PtxType.Pred), Read(1, PtxType.B32)));
            default:
                return null;
        }
    }

    private ShuffleInstruction Shuffle()
    {
        Require(60, 30);
        Expect("sync");
        string mode = Expect("up", "down", "bfly", "idx");
        TypeOf(PtxType.B32);
        Operands(5);
        int d, p = -1;
        if (source.Operands[0] is PairOperand pair)
            (d, p) = (Write(pair.First, PtxType.B32), WritePredicate(pair.Second));
        else
            d = Write(0, PtxType.B32);
        return As(InstructionClass.Shuffle, new ShuffleInstruction(mode, d, p, Read(1, PtxType.B32), Read(2, PtxType.B32), Read(3, PtxType.B32), Read(4, PtxType.B32)));
    }

    private VoteInstruction Vote()
    {
        Require(60, 30);
        Expect("sync");
        string mode = Expect("all", "any", "uni", "ballot");
        TypeOf(mode == "ballot" ? PtxType.B32 : PtxType.Pred);
        Operands(3);
        int d = Write(0, mode == "ballot" ? PtxType.B32 : PtxType.Pred);
        (int p, uint flip) = ReadPredicate(1);
        return As(InstructionClass.Vote, new VoteInstruction(mode, d, p, flip, Read(2, PtxType.B32)));
    }

    private MatchInstruction Match()
    {
        Require(60, 70);
        string mode = Expect("any", "all");
        Expect("sync");
        PtxType type = TypeOf(PtxType.B32, PtxType.B64);
        Operands(3);
        int d, p = -1;
        if (mode == "all" && source.Operands[0] is PairOperand pair)
            (d, p) = (Write(pair.First, PtxType.B32), WritePredicate(pair.Second));
        else
            d = Write(0, PtxType.B32);
        return As(InstructionClass.Vote, new MatchInstruction(mode == "all", d, p, Read(1, type), type.Bytes() == 8, Read(2, PtxType.B32)));
    }

    private ReduceInstruction Reduce()
    {
        Require(70, 80);
        Expect("sync");
        string op = Expect("add", "min", "max", "and", "or", "xor");
        PtxType type = op is "and" or "or" or "xor" ? TypeOf(PtxType.B32) : TypeOf(PtxType.U32, PtxType.S32);
        Operands(3);
        return As(InstructionClass.Shuffle, new ReduceInstruction(op, type.IsSigned(), Write(0, type), Read(1, type), Read(2, PtxType.B32)));
    }
}
