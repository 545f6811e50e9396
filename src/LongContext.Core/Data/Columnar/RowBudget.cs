namespace LongContext.Data.Columnar;

/// <summary>
/// How much a row may take: a run length of a few bytes can say that a list has a hundred million elements, and a dictionary that each of them is a long text.
/// </summary>
internal sealed class RowBudget(int maximum)
{
    /// <summary>About what a value takes in memory besides its bytes.</summary>
    private const int EntrySize = 64;

    private long taken;

    /// <summary>The row takes more than it may: nothing further of it is kept.</summary>
    public bool IsExceeded => taken > maximum;

    /// <summary>The next row begins.</summary>
    public void Begin() => taken = 0;

    /// <summary>Adds a value of so many bytes.</summary>
    public void Take(int bytes) => taken += EntrySize + bytes;
}
