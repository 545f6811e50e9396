namespace LongContext.Benchmarks.Gpu;

/// <summary>As Kernels/Pointwise/probe.cu declares it: y = a·x + y.</summary>
internal struct ProbeParameters
{
    public nint X, Y;
    public float A;
    public int Count;
}
