namespace LongContext.Cpu.Attention;

/// <summary>
/// Attention under remapped positions (Self-Extend, dual-chunk attention): the keys that a query sees are split into contiguous ranges, the views, in each of which
/// query and keys are rotated to positions of the view's own; one softmax runs over all. Tables of one sequence's rows of one step, which their owner keeps in place.
/// </summary>
internal unsafe struct KeyViews
{
    /// <summary>Views, at most 8.</summary>
    public int ViewCount;

    /// <summary>Rows of the sequence in this step: the stride of the three tables below.</summary>
    public int RowCount;

    /// <summary>[views, rows]: position of each query in each view.</summary>
    public int* QueryPositions;

    /// <summary>[views, rows]: first key that the query sees in the view.</summary>
    public int* VisibleStarts;

    /// <summary>[views, rows]: one past the last key that the query sees in the view.</summary>
    public int* VisibleEnds;

    /// <summary>[views]: address (int*) of the keys' positions in the view, by position in the sequence.</summary>
    public nint* KeyPositions;

    /// <summary>[positions, RotaryHalf]: cosines, attention factor inside.</summary>
    public float* Cosines;

    /// <summary>[positions, RotaryHalf]: sines, attention factor inside.</summary>
    public float* Sines;

    /// <summary>Half of the numbers of a head that are rotated.</summary>
    public int RotaryHalf;
}
