using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Rounds rows of x; a tile is a panel.</summary>
internal unsafe struct RoundingWork : ITileWork
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
    public byte* Rounded;

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int row = tile * RowPanel.Rows;
        RoundedPanel.Pack(X + (row * Stride), Stride, Math.Min(RowPanel.Rows, Rows - row), Inputs, Rounded + (tile * RoundedPanel.Size(Inputs)));
    }
}
