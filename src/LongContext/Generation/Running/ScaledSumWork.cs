using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Generation.Running;

/// <summary>y += factor·x, a row a tile.</summary>
internal unsafe struct ScaledSumWork : ITileWork
{
    public float* X;
    public float* Y;
    public float Factor;
    public int Size;

    /// <inheritdoc />
    public readonly void Run(int tile, int worker) => Elementwise.AddScaledRow(Y + ((long)tile * Size), X + ((long)tile * Size), Factor, Size);
}
