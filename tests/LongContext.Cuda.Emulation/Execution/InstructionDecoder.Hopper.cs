using LongContext.Cuda.Emulation.Hopper;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private Instruction? HopperOnly(string name)
    {
        switch (name)
        {
            case "mbarrier":
                return MemoryBarrier();
            case "cp":
                return BulkCopy();
            case "prefetch":
                return PrefetchMap();
            case "wgmma":
                return Warpgroup();
            case "setmaxnreg":
                return MaximalRegisters();
            case "mapa":
                return MapAddress();
            default:
                return null;
        }
    }

    private ClusterBarrierInstruction ClusterBarrier()
    {
        Require(78, 90);
        bool arrive = Expect("arrive", "wait") == "arrive";
        string order = NextOf("release", "relaxed", "acquire");
        if (order.Length > 0)
        {
            Require(80, 90);
            if (order == "acquire" == arrive)
                throw Error($".{order} does not stand at this half of the barrier");
        }
        Next("aligned");
        Operands(0);
        return As(InstructionClass.Barrier, new ClusterBarrierInstruction(arrive));
    }

    private Instruction HopperFence()
    {
        Require(80, 90);
        if (Next("mbarrier_init"))
        {
            Expect("release");
            Expect("cluster");
            Operands(0);
            return As(InstructionClass.Fence, new BarrierInitFence());
        }
        Expect("proxy");
        Expect("async");
        string space = NextOf("global", "shared::cta", "shared::cluster");
        Operands(0);
        return As<Instruction>(InstructionClass.Fence, space == "global" ? new NoOperation() : new ProxyFence());
    }

    private Instruction MemoryBarrier()
    {
        string action = Expect("init", "inval", "expect_tx", "complete_tx", "arrive", "arrive_drop", "test_wait", "try_wait", "pending_count");
        Require(action is "try_wait" ? 78 : action is "expect_tx" or "complete_tx" ? 80 : 70, action is "try_wait" or "expect_tx" or "complete_tx" ? 90 : 80);
        if (action is "arrive_drop" or "pending_count")
            throw Error($"mbarrier.{action} is not emulated");
        bool expect = action == "arrive" && Next("expect_tx");
        if (expect)
            Require(78, 90);
        bool parity = action is "test_wait" or "try_wait" && Next("parity");
        if (parity && action == "test_wait")
            Require(71, 80);
        bool ordered = false;
        if (action is not ("init" or "inval"))
        {
            string order = action is "expect_tx" or "complete_tx" ? NextOf("relaxed") : action == "arrive" ? NextOf("release") : NextOf("acquire");
            if (order.Length > 0)
            {
                Require(80, 90);
                Expect("cta", "cluster");
                ordered = true;
            }
        }
        string space = NextOf("shared", "shared::cta", "shared::cluster");
        if (space.Contains("::", StringComparison.Ordinal))
            Require(78, space == "shared::cta" ? 80 : 90);
        TypeOf(PtxType.B64);
        _ = ordered;
        Class = InstructionClass.MemoryBarrier;
        PtxSpace where = space.Length == 0 ? PtxSpace.Generic : PtxSpace.Shared;
        switch (action)
        {
            case "init":
                Operands(2);
                return new BarrierInstruction(BarrierAction.Initialise, -1, Address(0, where), Read(1, PtxType.U32), false, false);
            case "inval":
                Operands(1);
                return new BarrierInstruction(BarrierAction.Invalidate, -1, Address(0, where), -1, false, false);
            case "expect_tx" or "complete_tx":
                Operands(2);
                return new BarrierInstruction(action == "expect_tx" ? BarrierAction.Expect : BarrierAction.Complete, -1, Address(0, where), Read(1, PtxType.U32), false, false);
            case "arrive":
                Operands(expect ? 3 : 2, 3);
                if (Count == 3 && !expect)
                    Require(78, 90);
                if (space == "shared::cluster" && source.Operands[0] is not SinkOperand)
                    throw Error("an arrival at .shared::cluster returns no state: _ is expected");
                int state = source.Operands[0] is SinkOperand ? -1 : Write(0, PtxType.B64);
                if (state < 0 && space != "shared::cluster")
                    Require(80, 90);
                return new BarrierInstruction(expect ? BarrierAction.ArriveExpect : BarrierAction.Arrive, state, Address(1, where), Count == 3 ? Read(2, PtxType.U32) : -1, false, false);
            default:
                Operands(3, action == "try_wait" ? 4 : 3);
                int p = Write(0, PtxType.Pred), asked = parity ? Read(2, PtxType.U32) : Read(2, PtxType.B64);
                if (Count == 4)
                    Read(3, PtxType.U32);
                return new BarrierInstruction(parity ? BarrierAction.TestParity : BarrierAction.TestState, p, Address(1, where), asked, true, false);
        }
    }

    private Instruction BulkCopy()
    {
        if (Next("async") && Next("mbarrier"))
        {
            Require(70, 80);
            Expect("arrive");
            bool noIncrement = Next("noinc");
            string space = NextOf("shared", "shared::cta");
            TypeOf(PtxType.B64);
            Operands(1);
            return As(InstructionClass.MemoryBarrier, new BarrierInstruction(BarrierAction.CopyArrive, -1, Address(0, space.Length == 0 ? PtxSpace.Generic : PtxSpace.Shared), -1, false, !noIncrement));
        }
        bool reduce = Next("reduce");
        if (reduce)
            Expect("async");
        Expect("bulk");
        Require(80, 90);
        if (!reduce && Next("commit_group"))
        {
            Operands(0);
            return As(InstructionClass.BulkCopy, new BulkCommit());
        }
        if (!reduce && Next("wait_group"))
        {
            bool read = Next("read");
            Operands(1);
            return As(InstructionClass.BulkCopy, new BulkWait(checked((int)Immediate(0)), read));
        }
        if (!reduce && Next("prefetch"))
            throw Error("cp.async.bulk.prefetch is not emulated");
        return Next("tensor") ? TensorCopy(reduce) : PlainBulkCopy(reduce);
    }

    private BulkCopyInstruction PlainBulkCopy(bool reduce)
    {
        bool load = Expect("shared::cluster", "shared::cta", "global") != "global";
        if (load && source.Parts[part - 1] == "shared::cta")
            Require(86, 90);
        Expect(load ? "global" : "shared::cta");
        if (load && reduce)
            throw Error("reductions go to .global here");
        if (load)
        {
            Expect("mbarrier::complete_tx::bytes");
            if (Next("multicast::cluster"))
                throw Error("multicast is for clusters of several blocks");
        }
        else
            Expect("bulk_group");
        bool hint = Next("L2::cache_hint");
        string operation = "", type = "";
        if (reduce)
        {
            operation = Expect("add", "min", "max", "and", "or", "xor", "inc", "dec");
            bool noFlush = Next("noftz");
            PtxType t = operation switch
            {
                "add" => TypeOf(PtxType.F16, PtxType.BF16, PtxType.F32, PtxType.F64, PtxType.U32, PtxType.S32, PtxType.U64),
                "min" or "max" => TypeOf(PtxType.F16, PtxType.BF16, PtxType.U32, PtxType.S32, PtxType.U64, PtxType.S64),
                "and" or "or" or "xor" => TypeOf(PtxType.B32, PtxType.B64),
                _ => TypeOf(PtxType.U32),
            };
            if (noFlush != (operation == "add" && t is PtxType.F16 or PtxType.BF16))
                throw Error(".noftz belongs to add of 16-bit types, and is needed there");
            if (t is PtxType.F64 or PtxType.B64 or PtxType.S64 || operation is "inc" or "dec" || (t == PtxType.U64 && operation != "add"))
                throw Error("this reduction is not emulated");
            type = t.Text()[1..];
        }
        Operands((load ? 4 : 3) + (hint ? 1 : 0));
        AddressSource to = Address(0, load ? PtxSpace.Shared : PtxSpace.Global), from = Address(1, load ? PtxSpace.Global : PtxSpace.Shared);
        int size = Read(2, PtxType.U32);
        AddressSource barrier = load ? Address(3, PtxSpace.Shared) : default;
        if (hint)
            Read(Count - 1, PtxType.B64);
        return As(load ? InstructionClass.BulkCopy : InstructionClass.BulkStore, new BulkCopyInstruction(load, to, from, size, barrier, operation, type));
    }

    private TensorCopyInstruction TensorCopy(bool reduce)
    {
        int rank = Expect("1d", "2d", "3d", "4d", "5d")[0] - '0';
        bool load = Expect("shared::cluster", "shared::cta", "global") != "global";
        if (load && source.Parts[part - 1] == "shared::cta")
            Require(86, 90);
        Expect(load ? "global" : "shared::cta");
        if (load && reduce)
            throw Error("reductions go to .global");
        string operation = reduce ? Expect("add", "min", "max", "and", "or", "xor") : "";
        Next("tile");
        if (Here.StartsWith("im2col", StringComparison.Ordinal))
            throw Error("im2col is not emulated");
        if (load)
        {
            Expect("mbarrier::complete_tx::bytes");
            if (Next("multicast::cluster"))
                throw Error("multicast is for clusters of several blocks");
        }
        else
            Expect("bulk_group");
        bool hint = Next("L2::cache_hint");
        Operands((load ? 3 : 2) + (hint ? 1 : 0));
        PtxOperand map = source.Operands[load ? 1 : 0];
        if (map is not AddressOperand { Coordinates: { } vector } tensor)
            throw Error($"[tensor map, {{coordinates}}] is expected, found {map}");
        if (vector.Items.Count != rank)
            throw Error($"{rank} coordinates are expected, found {vector.Items.Count}");
        if (tensor.Base is RegisterOperand { Register.Type: var type } && type.Bytes() != 8)
            throw Error("a tensor map's address has 64 bits");
        int[] coordinates = [.. vector.Items.Select(x => Read(x, PtxType.S32))];
        AddressSource mapAddress = AddressOf(new AddressOperand(tensor.Base, tensor.Offset, null), PtxSpace.Generic);
        AddressSource shared = Address(load ? 0 : 1, PtxSpace.Shared);
        AddressSource barrier = load ? Address(2, PtxSpace.Shared) : default;
        if (hint)
            Read(Count - 1, PtxType.B64);
        return As(load ? InstructionClass.BulkCopy : InstructionClass.BulkStore, new TensorCopyInstruction(load, mapAddress, coordinates, shared, barrier, operation));
    }

    private NoOperation PrefetchMap()
    {
        Require(80, 90);
        bool parameter = NextOf("param", "const").Length > 0;
        Expect("tensormap");
        Operands(1);
        Address(0, parameter ? PtxSpace.Parameter : PtxSpace.Generic);
        return As(InstructionClass.BulkCopy, new NoOperation());
    }

    private RegisterCount MaximalRegisters()
    {
        Require(80, 90, specific: true);
        bool increase = Expect("inc", "dec") == "inc";
        Expect("sync");
        Expect("aligned");
        TypeOf(PtxType.U32);
        Operands(1);
        long count = Immediate(0);
        if (count is < 24 or > 256 || count % 8 != 0)
            throw Error($"{count} registers: a multiple of 8 from 24 to 256 is expected");
        if (kernel.Kernel.MaximalThreads.Length == 0 && kernel.Kernel.RequiredThreads.Length == 0)
            throw Error("setmaxnreg needs a kernel with .maxntid or .reqntid: the assembler ignores it otherwise");
        return As(InstructionClass.Control, new RegisterCount(increase, (int)count));
    }

    private Instruction MapAddress()
    {
        Require(78, 90);
        bool shared = Next("shared::cluster");
        PtxType type = TypeOf(PtxType.U32, PtxType.U64);
        _ = shared;
        Operands(3);
        int d = Write(0, type), a = Read(1, type);
        Read(2, PtxType.U32);
        Class = InstructionClass.Move;
        return type == PtxType.U64 ? new Unary<Copy<ulong>, ulong, ulong>(d, a) : new Unary<Copy<uint>, uint, uint>(d, a);
    }
}
