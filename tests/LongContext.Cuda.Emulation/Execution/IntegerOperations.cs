using System.Numerics;

namespace LongContext.Cuda.Emulation.Execution;

internal struct Add<T> : IBinary<T, T> where T : INumber<T>
{
    public static T Apply(T a, T b) => a + b;
}

internal struct Subtract<T> : IBinary<T, T> where T : INumber<T>
{
    public static T Apply(T a, T b) => a - b;
}

internal struct Multiply<T> : IBinary<T, T> where T : INumber<T>
{
    public static T Apply(T a, T b) => a * b;
}

internal struct MultiplyAdd<T> : ITernary<T, T> where T : INumber<T>
{
    public static T Apply(T a, T b, T c) => (a * b) + c;
}

internal struct HighSigned32 : IBinary<int, int>
{
    public static int Apply(int a, int b) => (int)(((long)a * b) >> 32);
}

internal struct HighUnsigned32 : IBinary<uint, uint>
{
    public static uint Apply(uint a, uint b) => (uint)(((ulong)a * b) >> 32);
}

internal struct HighSigned64 : IBinary<long, long>
{
    public static long Apply(long a, long b) => Math.BigMul(a, b, out _);
}

internal struct HighUnsigned64 : IBinary<ulong, ulong>
{
    public static ulong Apply(ulong a, ulong b) => Math.BigMul(a, b, out _);
}

internal struct WideSigned : IBinary<int, long>
{
    public static long Apply(int a, int b) => (long)a * b;
}

internal struct WideUnsigned : IBinary<uint, ulong>
{
    public static ulong Apply(uint a, uint b) => (ulong)a * b;
}

internal struct MultiplyAddWideSigned : ITernary<int, long>
{
    public static long Apply(int a, int b, long c) => ((long)a * b) + c;
}

internal struct MultiplyAddWideUnsigned : ITernary<uint, ulong>
{
    public static ulong Apply(uint a, uint b, ulong c) => ((ulong)a * b) + c;
}

internal struct Smaller<T> : IBinary<T, T> where T : INumber<T>
{
    public static T Apply(T a, T b) => a < b ? a : b;
}

internal struct Larger<T> : IBinary<T, T> where T : INumber<T>
{
    public static T Apply(T a, T b) => a > b ? a : b;
}

internal struct Negate<T> : IUnary<T, T> where T : INumber<T>
{
    public static T Apply(T a) => -a;
}

internal struct And<T> : IBinary<T, T> where T : IBitwiseOperators<T, T, T>
{
    public static T Apply(T a, T b) => a & b;
}

internal struct Or<T> : IBinary<T, T> where T : IBitwiseOperators<T, T, T>
{
    public static T Apply(T a, T b) => a | b;
}

internal struct Xor<T> : IBinary<T, T> where T : IBitwiseOperators<T, T, T>
{
    public static T Apply(T a, T b) => a ^ b;
}

internal struct Not<T> : IUnary<T, T> where T : IBitwiseOperators<T, T, T>
{
    public static T Apply(T a) => ~a;
}

internal struct Copy<T> : IUnary<T, T>
{
    public static T Apply(T a) => a;
}

internal struct Equal<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a == b;
}

internal struct Unequal<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a < b || a > b;
}

internal struct Less<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a < b;
}

internal struct LessOrEqual<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a <= b;
}

internal struct Greater<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a > b;
}

internal struct GreaterOrEqual<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a >= b;
}

internal struct UnorderedEqual<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => !(a < b || a > b);
}

internal struct UnorderedUnequal<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => a != b;
}

internal struct UnorderedLess<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => !(a >= b);
}

internal struct UnorderedLessOrEqual<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => !(a > b);
}

internal struct UnorderedGreater<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => !(a <= b);
}

internal struct UnorderedGreaterOrEqual<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => !(a < b);
}

internal struct BothNumbers<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => !T.IsNaN(a) && !T.IsNaN(b);
}

internal struct AnyNaN<T> : IBinary<T, bool> where T : INumber<T>
{
    public static bool Apply(T a, T b) => T.IsNaN(a) || T.IsNaN(b);
}

/// <summary>Shifts clamp their distance to the width; a signed right shift fills with the sign.</summary>
internal struct ShiftLeft32 : IBinary<uint, uint>
{
    public static uint Apply(uint a, uint b) => b > 31 ? 0 : a << (int)b;
}

internal struct ShiftRight32 : IBinary<uint, uint>
{
    public static uint Apply(uint a, uint b) => b > 31 ? 0 : a >> (int)b;
}

internal struct ShiftRightSigned32 : IBinary<uint, uint>
{
    public static uint Apply(uint a, uint b) => (uint)((int)a >> (int)Math.Min(b, 31));
}
