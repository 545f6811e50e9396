using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Packs rows of x; a tile is a panel.</summary>
internal unsafe struct RowPackingWork : ITileWork
{
    /// <summary>[rows, inputs].</summary>
    public float* X;

    /// <summary>Elements from a row to the next.</summary>
    public long Stride;

    /// <summary>Rows.</summary>
    public int Rows;

    /// <summary>Numbers of a row.</summary>
    public int Inputs;

    /// <summary>The panels.</summary>
    public float* Packed;

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int row = tile * RowPanel.Rows;
        RowPanel.Pack(X + (row * Stride), Stride, Math.Min(RowPanel.Rows, Rows - row), Inputs, Packed + ((long)row * RowPanel.Chunks(Inputs) * 16));
    }
}
