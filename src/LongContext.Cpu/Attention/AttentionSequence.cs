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

    /// <summary>Views of remapped positions; null for none. The cache holds keys without rotation then, and so must the queries be.</summary>
    public KeyViews* Views;
}
