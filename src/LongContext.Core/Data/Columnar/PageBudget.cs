namespace LongContext.Data.Columnar;

/// <summary>How much memory the pages of all columns may take at once: a file with very many columns could otherwise ask for any amount of it.</summary>
internal sealed class PageBudget(long maximum)
{
    private long held;

    /// <summary>Holds other bytes than before.</summary>
    /// <param name="before">What was held.</param>
    /// <param name="now">What is to be held.</param>
    /// <exception cref="ParquetFault">That is too much.</exception>
    public void Replace(ref long before, long now)
    {
        held += now - before;
        before = now;
        if (held > maximum)
        {
            throw new ParquetFault(
                $"the pages of the columns take {held} bytes at once, expected {maximum} at most (twice MaximumRecordBytes); ask for fewer columns");
        }
    }
}
