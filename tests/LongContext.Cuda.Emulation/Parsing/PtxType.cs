namespace LongContext.Cuda.Emulation.Parsing;

/// <summary>The fundamental types of PTX, and the packed and alternate ones that only instructions name.</summary>
internal enum PtxType : byte
{
    None, Pred,
    B8, B16, B32, B64, B128,
    U8, U16, U32, U64,
    S8, S16, S32, S64,
    F16, F16x2, BF16, BF16x2, F32, F64, TF32,
}

internal static class PtxTypes
{
    private static readonly Dictionary<string, PtxType> Names = new()
    {
        ["pred"] = PtxType.Pred, ["b8"] = PtxType.B8, ["b16"] = PtxType.B16, ["b32"] = PtxType.B32, ["b64"] = PtxType.B64, ["b128"] = PtxType.B128,
        ["u8"] = PtxType.U8, ["u16"] = PtxType.U16, ["u32"] = PtxType.U32, ["u64"] = PtxType.U64,
        ["s8"] = PtxType.S8, ["s16"] = PtxType.S16, ["s32"] = PtxType.S32, ["s64"] = PtxType.S64,
        ["f16"] = PtxType.F16, ["f16x2"] = PtxType.F16x2, ["bf16"] = PtxType.BF16, ["bf16x2"] = PtxType.BF16x2,
        ["f32"] = PtxType.F32, ["f64"] = PtxType.F64, ["tf32"] = PtxType.TF32,
    };

    public static bool TryParse(string name, out PtxType type) => Names.TryGetValue(name, out type);

    public static string Text(this PtxType type) => "." + Enum.GetName(type)!.ToLowerInvariant();

    public static int Bytes(this PtxType type) => type switch
    {
        PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        PtxType.B128 => 16,
        PtxType.None or PtxType.Pred => 0,
        _ => 4,
    };

    public static bool IsSigned(this PtxType type) => type is PtxType.S8 or PtxType.S16 or PtxType.S32 or PtxType.S64;

    public static bool IsUnsigned(this PtxType type) => type is PtxType.U8 or PtxType.U16 or PtxType.U32 or PtxType.U64;

    public static bool IsInteger(this PtxType type) => type.IsSigned() || type.IsUnsigned();

    public static bool IsBits(this PtxType type) => type is PtxType.B8 or PtxType.B16 or PtxType.B32 or PtxType.B64 or PtxType.B128;

    public static bool IsFloat(this PtxType type) => type is >= PtxType.F16 and <= PtxType.TF32;

    /// <summary>Whether an operand declared as <paramref name="register"/> may stand where an instruction says <paramref name="type"/>.</summary>
    public static bool Accepts(this PtxType type, PtxType register, bool wider = false)
    {
        if (type == PtxType.Pred || register == PtxType.Pred)
            return type == register;
        if (wider ? register.Bytes() < type.Bytes() : register.Bytes() != type.Bytes())
            return false;
        if (wider && register.Bytes() > type.Bytes() && type.IsFloat())
            return register.IsBits();
        if (type.IsBits() || register.IsBits())
            return true;
        return type.IsInteger() ? register.IsInteger() : type == register;
    }
}
