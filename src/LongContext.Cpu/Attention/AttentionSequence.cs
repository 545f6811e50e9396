namespace LongContext.Cpu.Attention;

/// <summary>One sequence's part of a batch: new tokens and the pages that hold it.</summary>
internal unsafe struct AttentionSequence
{
    /// <summary>First of its rows among the batch's tokens.</summary>
    public int RowStart;

    /// <summary>Its rows; 0 is fine.</summary>
    public int RowCount;

    /// <summary>Position of its first row in the sequence.</summary>
    public int FirstPosition;

    /// <summary>Address of each page by position / page tokens; 0 where it was forgotten, which must lie wholly before what the rows see.</summary>
    public nint* Pages;

    /// <summary>Latest keys that a row sees, itself included, in place of the layer's own window; 0 for the layer's.</summary>
    public int Window;

    /// <summary>First keys of the sequence that every row sees besides; only with <see cref="Window"/>.</summary>
    public int Sinks;

    /// <summary>[rows of this piece]: queries for the sinks, which may be rotated otherwise; null for the rows' own.</summary>
    public float* SinkQueries;

    /// <summary>Elements from a row of those to the next.</summary>
    public long SinkQueryStride;

    /// <summary>Views of remapped positions; null for none. The cache holds keys without rotation then, and so must the queries be.</summary>
    public KeyViews* Views;
}
