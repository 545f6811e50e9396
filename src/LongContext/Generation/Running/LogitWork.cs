using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Generation.Running;

/// <summary>Logits from a head's outputs z: c·tanh(s·z/c), as <see cref="Models.LogitTransform"/> has it.</summary>
internal unsafe struct LogitWork : ITileWork
{
    /// <summary>Scores of a tile.</summary>
    private const int Columns = 4096;

    public float* Logits;
    public int Vocabulary;
    public float Scale;

    /// <summary>0 for none.</summary>
    public float SoftCap;

    public readonly int TilesOfRow => (Vocabulary + Columns - 1) / Columns;

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int row = tile / TilesOfRow, first = tile % TilesOfRow * Columns, count = Math.Min(Columns, Vocabulary - first);
        float* part = Logits + ((long)row * Vocabulary) + first;
        if (Scale != 1) Elementwise.ScaleRow(part, Scale, count);
        if (SoftCap > 0) Elementwise.SoftCapRow(part, SoftCap, count);
    }
}
