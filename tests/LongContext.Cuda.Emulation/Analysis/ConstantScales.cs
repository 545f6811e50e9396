using LongContext.Cuda.Emulation.Execution;
using LongContext.Cuda.Emulation.Parsing;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>
/// Folds registers that only ever hold one number, to find the products whose scale-d is known to be false: these write their
/// accumulators and do not read them. clang sets that predicate by comparing a constant with zero right before the product.
/// </summary>
internal static class ConstantScales
{
    private enum State : byte
    {
        Unset, Known, Varying,
    }

    /// <summary>The same instructions; where the old sum is known not to be read, it is no input any more.</summary>
    public static List<DecodedInstruction> Apply(PtxKernel kernel, List<DecodedInstruction> decoded)
    {
        if (!decoded.Exists(x => x.SoftReads.Length > 0))
            return decoded;
        (State State, long Value)[] values = Fold(kernel, decoded);
        return decoded.ConvertAll(x => x.SoftReads.Length > 0 && IsFalse(x.Instruction.Source.Operands[3], values) ? x with { SoftReads = [] } : x);
    }

    private static bool IsFalse(PtxOperand scale, (State State, long Value)[] values) =>
        scale is RegisterOperand register && values[register.Register.Index] is (State.Known, var value) && (value != 0) == register.Negated;

    /// <summary>The order of instructions does not matter: a register counts as known if all that is ever written to it is the same number.</summary>
    private static (State State, long Value)[] Fold(PtxKernel kernel, List<DecodedInstruction> decoded)
    {
        var values = new (State State, long Value)[kernel.Registers.Count];
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (DecodedInstruction instruction in decoded)
            {
                foreach (int write in instruction.Writes)
                {
                    (State State, long Value) old = values[write];
                    if (old.State == State.Varying)
                        continue;
                    (State State, long Value) now = Result(instruction.Instruction.Source, values);
                    if (now.State == State.Unset || now == old)
                        continue;
                    values[write] = old.State == State.Unset ? now : (State.Varying, 0);
                    changed = true;
                }
            }
        }
        return values;
    }

    private static (State State, long Value) Result(PtxInstruction source, (State State, long Value)[] values)
    {
        if (source.Parts is ["mov", _] && source.Operands.Count == 2)
            return Of(source.Operands[1], values);
        if (source.Parts is not ["setp", "eq" or "ne", "b32" or "s32" or "u32"] || source.Operands.Count != 3 || source.Operands[0] is not RegisterOperand)
            return (State.Varying, 0);
        (State State, long Value) a = Of(source.Operands[1], values), b = Of(source.Operands[2], values);
        if (a.State == State.Varying || b.State == State.Varying)
            return (State.Varying, 0);
        if (a.State == State.Unset || b.State == State.Unset)
            return (State.Unset, 0);
        return (State.Known, ((uint)a.Value == (uint)b.Value) == (source.Parts[1] == "eq") ? 1 : 0);
    }

    private static (State State, long Value) Of(PtxOperand operand, (State State, long Value)[] values) => operand switch
    {
        ImmediateOperand { Kind: ImmediateKind.Integer } number => (State.Known, number.Bits),
        RegisterOperand { Negated: false } register => values[register.Register.Index],
        _ => (State.Varying, 0),
    };
}
