namespace LongContext.Cuda.Driver;

/// <summary>Numbers of CUfunction_attribute that are used.</summary>
internal static class FunctionAttributes
{
    public const int StaticSharedBytes = 1;
    public const int LocalBytes = 3;
    public const int Registers = 4;
    public const int MaxDynamicSharedBytes = 8;
    public const int PreferredSharedMemoryCarveout = 9;
}
