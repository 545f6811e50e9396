namespace LongContext.Cuda.Emulation.Execution;

internal struct FusedSingle : ITernary<float, float>
{
    public static float Apply(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);
}

internal struct FusedDouble : ITernary<double, double>
{
    public static double Apply(double a, double b, double c) => Math.FusedMultiplyAdd(a, b, c);
}

internal struct DivideSingle : IBinary<float, float>
{
    public static float Apply(float a, float b) => a / b;
}

internal struct DivideDouble : IBinary<double, double>
{
    public static double Apply(double a, double b) => a / b;
}

internal struct ClearSign : IUnary<uint, uint>
{
    public static uint Apply(uint a) => a & 0x7fffffff;
}

internal struct FlipSign : IUnary<uint, uint>
{
    public static uint Apply(uint a) => a ^ 0x80000000;
}
