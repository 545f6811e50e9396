namespace LongContext.Evaluation.Metrics;

/// <summary>Which places of a sequence belong to its longest common subsequence with another, of several that one which Google's ROUGE takes.</summary>
/// <remarks>
/// <para>Columns of bits as in Hyyrö, "Bit-parallel LCS-length computation revisited" (2004): after column j, row i's bit is 0 where
/// the table's cell (i, j) is one more than the one above it. That bit alone decides the way back where the symbols differ: 0 means that the longest
/// subsequence needs row i, so it lies one column earlier; 1 that it does not. So ties go up a row, as in rouge_score's table.</para>
/// <para>The way back needs every column. Each √n-th is kept, and the columns between two of them are made again when the way gets there: twice the
/// time, and memory of (rows / 64) · √columns words.</para>
/// </remarks>
internal static class CommonSubsequence
{
    private const int WordBits = 64;

    /// <summary>Sets a mark at the places of the first sequence that belong to it; other marks stay.</summary>
    public static void Mark(int[] rows, int[] columns, bool[] marks)
    {
        if (rows.Length == 0 || columns.Length == 0) return;
        var table = new Table(rows, columns);
        int i = rows.Length - 1, j = columns.Length - 1;
        while (i >= 0 && j >= 0)
        {
            if (rows[i] == columns[j])
            {
                marks[i] = true;
                i--;
                j--;
            }
            else if (table.NeedsRow(i, j))
            {
                j--;
            }
            else
            {
                i--;
            }
        }
    }

    /// <summary>The columns of bits, of which one stretch is there at a time; asked for from the last stretch to the first.</summary>
    private sealed class Table
    {
        private readonly int[] columns;
        private readonly Dictionary<int, List<int>> places = [];
        private readonly int words;
        private readonly int stretch;
        private readonly ulong[] starts;
        private readonly ulong[] kept;
        private readonly ulong[] equal;
        private int keptStretch = -1;

        public Table(int[] rows, int[] columns)
        {
            this.columns = columns;
            words = (rows.Length + WordBits - 1) / WordBits;
            stretch = (int)Math.Ceiling(Math.Sqrt(columns.Length));
            equal = new ulong[words];
            kept = new ulong[stretch * words];
            starts = new ulong[(((columns.Length - 1) / stretch) + 1) * words];
            for (int i = 0; i < rows.Length; i++)
            {
                if (!places.TryGetValue(rows[i], out List<int>? list)) places[rows[i]] = list = [];
                list.Add(i);
            }

            ulong[] column = new ulong[words];
            Array.Fill(column, ulong.MaxValue);
            for (int j = 0; j < columns.Length; j++)
            {
                if (j % stretch == 0) column.CopyTo(starts, j / stretch * words);
                Advance(column, columns[j]);
            }
        }

        /// <summary>Whether the cell of a row is more than the one above it.</summary>
        public bool NeedsRow(int row, int column)
        {
            if (column / stretch != keptStretch) Make(column / stretch);
            return (kept[(column % stretch * words) + (row / WordBits)] >> (row % WordBits) & 1) == 0;
        }

        private void Make(int number)
        {
            keptStretch = number;
            ulong[] column = starts.AsSpan(number * words, words).ToArray();
            for (int j = number * stretch; j < Math.Min(columns.Length, (number + 1) * stretch); j++)
            {
                Advance(column, columns[j]);
                column.CopyTo(kept, j % stretch * words);
            }
        }

        /// <summary>The next column: rows + (rows and equal), or rows without equal. A symbol that no row has changes nothing.</summary>
        private void Advance(ulong[] column, int symbol)
        {
            if (!places.TryGetValue(symbol, out List<int>? equalRows)) return;
            foreach (int row in equalRows) equal[row / WordBits] |= 1UL << (row % WordBits);
            ulong carry = 0;
            for (int k = 0; k < column.Length; k++)
            {
                ulong matched = column[k] & equal[k], once = column[k] + matched, sum = once + carry;
                carry = (once < matched ? 1UL : 0UL) | (sum < once ? 1UL : 0UL);
                column[k] = sum | (column[k] & ~equal[k]);
            }

            foreach (int row in equalRows) equal[row / WordBits] = 0;
        }
    }
}
