using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Attention;

/// <content>Products with pairs of integers.</content>
internal unsafe partial struct AttentionWork<TElement>
{
    /// <summary>Makes of the copied queries what keys of pairs are multiplied with.</summary>
    private readonly void RoundQueries(in RowTile rows)
    {
        int size = Job.Layout.HeadSize, codes = Job.Layout.KeyElements * Job.Layout.Neighbours;
        for (int row = 0; row < rows.Count; row++)
            rows.Scratch.QueryScales[row] = IntegerRounding.Round(rows.Scratch.Queries + (row * size), size, rows.Scratch.QueryCodes + (row * codes));
    }

    /// <summary>
    /// As <see cref="AddBlock"/>. A row's sums over the block are whole numbers until its end, so where units begin changes nothing; keys that a row does not see have the weight 0, and whatever
    /// stands in their slots adds nothing.
    /// </summary>
    private readonly void AddIntegerBlock(in RowTile rows, int start, int firstVector, int endVector, int last)
    {
        int padded = Job.Layout.PaddedHeadSize;
        long pairBytes = (long)padded * TElement.Bytes;
        TileScratch scratch = rows.Scratch;
        RoundWeights(rows, firstVector * Lanes, endVector * Lanes);
        new Span<int>(scratch.BlockOutput, rows.Count * padded).Clear();
        for (int vector = firstVector; vector < endVector;)
        {
            byte* values = Values(rows, start + (vector * Lanes), out int slot);
            int count = Math.Min(Math.Min(Unit / Lanes, endVector - vector), (Job.Layout.PageTokens - slot) / Lanes);
            int from = vector * Lanes, to = (vector + count) * Lanes, pairs = count * Lanes / 2;
            byte* ahead = AheadOfValues(rows, start, vector + (PiecesAhead * count), endVector, last);
            for (int row = 0; row < rows.Count; row += TileKernel.Rows)
            {
                int height = Math.Min(TileKernel.Rows, rows.Count - row);
                if (!Sees(scratch.Starts, scratch.Ends, row, height, from, to)) continue;
                var weights = (float*)(scratch.WeightCodes + (row * Block) + from);
                var output = (float*)(scratch.BlockOutput + (row * padded));
                if (ahead is null)
                    TileKernel.Run<TElement, ReadsNothingAhead>(height, padded / Lanes, pairs, weights, Block / 2, values, pairBytes, output, padded, true, null, 0);
                else
                    TileKernel.Run<TElement, ReadsAhead>(height, padded / Lanes, pairs, weights, Block / 2, values, pairBytes, output, padded, true, ahead, pairBytes);
                ahead = null;
            }

            vector += count;
        }

        for (int row = 0; row < rows.Count; row++)
        {
            if (scratch.Starts[row] < scratch.Ends[row])
                SoftmaxRow.AddIntegers(scratch.Output + (row * padded), scratch.BlockOutput + (row * padded), padded, scratch.WeightScales[row]);
        }
    }

    /// <summary>Each row's weights in the block, rounded; zeros where it sees nothing.</summary>
    private readonly void RoundWeights(in RowTile rows, int first, int last)
    {
        TileScratch scratch = rows.Scratch;
        for (int row = 0; row < rows.Count; row++)
        {
            short* codes = scratch.WeightCodes + (row * Block);
            (int start, int end) = (scratch.Starts[row], scratch.Ends[row]);
            if (start < end) scratch.WeightScales[row] = IntegerRounding.RoundWeights(scratch.Scores + (row * Block), start, end, first, last, codes);
            else new Span<short>(codes + first, last - first).Clear();
        }
    }
}
