using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Execution;

internal sealed partial class InstructionDecoder
{
    private Instruction? Matrix(string name) => name switch
    {
        "ldmatrix" => LoadMatrix(),
        "stmatrix" => StoreMatrix(),
        "mma" => MultiplyMatrices(),
        "movmatrix" => throw Error("movmatrix is not emulated"),
        _ => null,
    };

    private LoadMatrix LoadMatrix()
    {
        Require(65, 75);
        Expect("sync");
        Expect("aligned");
        Expect("m8n8");
        int count = Expect("x1", "x2", "x4")[1] - '0';
        bool transpose = Next("trans");
        Expect("shared", "shared::cta");
        TypeOf(PtxType.B16);
        Operands(2);
        if (source.Operands[0] is not VectorOperand)
            throw Error("ldmatrix writes a vector {…}");
        int[] to = WriteVector(0, count, PtxType.B32);
        return As(InstructionClass.LoadMatrix, new LoadMatrix(to, Address(1, PtxSpace.Shared), transpose));
    }

    private StoreMatrix StoreMatrix()
    {
        Require(78, 90);
        Expect("sync");
        Expect("aligned");
        Expect("m8n8");
        int count = Expect("x1", "x2", "x4")[1] - '0';
        bool transpose = Next("trans");
        Expect("shared", "shared::cta");
        TypeOf(PtxType.B16);
        Operands(2);
        if (source.Operands[1] is not VectorOperand)
            throw Error("stmatrix takes a vector {…}");
        return As(InstructionClass.StoreMatrix, new StoreMatrix(ReadVector(1, count, PtxType.B32), Address(0, PtxSpace.Shared), transpose));
    }

    private MultiplyMatrices MultiplyMatrices()
    {
        Expect("sync");
        Expect("aligned");
        string shape = Expect("m16n8k16", "m16n8k8");
        Expect("row");
        Expect("col");
        PtxType d = TypeOf(PtxType.F32, PtxType.F16), a = TypeOf(PtxType.F16, PtxType.BF16), b = TypeOf(PtxType.F16, PtxType.BF16), c = TypeOf(PtxType.F32, PtxType.F16);
        if (a != b || d != c || (a == PtxType.BF16 && d == PtxType.F16))
            throw Error("these types of A, B, C and D do not go together");
        Require(a == PtxType.BF16 || shape == "m16n8k16" ? 70 : 65, a == PtxType.BF16 || shape == "m16n8k16" ? 80 : 75);
        Operands(4);
        int k = shape == "m16n8k16" ? 16 : 8;
        bool wide = d == PtxType.F32;
        PtxType accumulator = wide ? PtxType.F32 : PtxType.B32;
        foreach (PtxOperand operand in source.Operands)
        {
            if (operand is not VectorOperand && !(operand == source.Operands[2] && k == 8))
                throw Error($"a vector {{…}} is expected, found {operand}");
        }
        int[] to = WriteVector(0, wide ? 4 : 2, accumulator), left = ReadVector(1, k / 4, PtxType.B32), right = ReadVector(2, k / 8, PtxType.B32), add = ReadVector(3, wide ? 4 : 2, accumulator);
        return As(InstructionClass.Mma, new MultiplyMatrices(to, left, right, add, a == PtxType.F16, wide));
    }
}
