namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Which places of a sequence, the rows, belong to its longest common subsequence with others, the columns; of several subsequences that one which leaves
/// a row on ties. With the reference as rows that is Google's ROUGE, with the prediction as rows pltrdy's. Symbols are numbers below the alphabet's size.
/// </summary>
/// <remarks>
/// <para>Columns of bits as in Hyyrö, "Bit-parallel LCS-length computation revisited" (2004): after column j, row i's bit is 0 where
/// the table's cell (i, j) is one more than the one above it. That bit alone decides the way back where the symbols differ: 0 means that the longest
/// subsequence needs row i, so it lies one column earlier; 1 that it does not. So ties go up a row, as in rouge_score's table.</para>
/// <para>The way back needs every column. Each √n-th is kept, and the columns between two of them are made again when the way gets there: twice the
/// time, and memory of (rows / 64) · √columns words.</para>
/// </remarks>
internal sealed class CommonSubsequence
{
    private const int WordBits = 64, None = -1;

    private readonly int[] lastPlace;
    private int[] rows = [];
    private int[] placeBefore = [];
    private ulong[] equal = [];
    private ulong[] column = [];
    private ulong[] starts = [];
    private ulong[] kept = [];

    public CommonSubsequence(int alphabetSize)
    {
        lastPlace = new int[alphabetSize];
        Array.Fill(lastPlace, None);
    }

    /// <summary>Takes the rows for the calls that follow.</summary>
    public void SetRows(int[] sequence)
    {
        foreach (int symbol in rows) lastPlace[symbol] = None;
        rows = sequence;
        placeBefore = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            placeBefore[i] = lastPlace[rows[i]];
            lastPlace[rows[i]] = i;
        }

        int words = (rows.Length + WordBits - 1) / WordBits;
        equal = new ulong[words];
        column = new ulong[words];
    }

    /// <summary>Sets a mark at the rows that belong to the common subsequence with these columns; other marks stay.</summary>
    /// <returns>Steps of the way back from the last cell to the table's border.</returns>
    public int Mark(int[] columns, bool[] marks)
    {
        if (rows.Length == 0 || columns.Length == 0) return 0;
        int words = column.Length, stretch = (int)Math.Ceiling(Math.Sqrt(columns.Length));
        KeepStarts(columns, stretch);
        if (kept.Length < stretch * words) kept = new ulong[stretch * words];
        int keptStretch = None, i = rows.Length - 1, j = columns.Length - 1, steps = 0;
        for (; i >= 0 && j >= 0; steps++)
        {
            if (rows[i] == columns[j])
            {
                marks[i] = true;
                i--;
                j--;
                continue;
            }

            if (j / stretch != keptStretch) KeepStretch(columns, stretch, keptStretch = j / stretch);
            bool needsRow = (kept[(j % stretch * words) + (i / WordBits)] >> (i % WordBits) & 1) == 0;
            if (needsRow) j--;
            else i--;
        }

        return steps;
    }

    /// <summary>The column before each stretch.</summary>
    private void KeepStarts(int[] columns, int stretch)
    {
        int words = column.Length, needed = (((columns.Length - 1) / stretch) + 1) * words;
        if (starts.Length < needed) starts = new ulong[needed];
        Array.Fill(column, ulong.MaxValue);
        for (int j = 0; j < columns.Length; j++)
        {
            if (j % stretch == 0) column.CopyTo(starts, j / stretch * words);
            Advance(columns[j]);
        }
    }

    private void KeepStretch(int[] columns, int stretch, int number)
    {
        int words = column.Length;
        starts.AsSpan(number * words, words).CopyTo(column);
        for (int j = number * stretch; j < Math.Min(columns.Length, (number + 1) * stretch); j++)
        {
            Advance(columns[j]);
            column.CopyTo(kept, j % stretch * words);
        }
    }

    /// <summary>The next column: rows + (rows and equal), or rows without equal. A symbol that no row has changes nothing.</summary>
    private void Advance(int symbol)
    {
        int last = lastPlace[symbol];
        if (last == None) return;
        for (int row = last; row != None; row = placeBefore[row]) equal[row / WordBits] |= 1UL << (row % WordBits);
        ulong carry = 0;
        ulong[] bits = column, matches = equal;
        for (int k = 0; k < bits.Length && k < matches.Length; k++)
        {
            ulong matched = bits[k] & matches[k], once = bits[k] + matched, sum = once + carry;
            carry = (once < matched ? 1UL : 0UL) | (sum < once ? 1UL : 0UL);
            bits[k] = sum | (bits[k] & ~matches[k]);
        }

        for (int row = last; row != None; row = placeBefore[row]) matches[row / WordBits] = 0;
    }
}
