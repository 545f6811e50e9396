using System.Runtime.Intrinsics;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Attention;

/// <content>Products with keys and values.</content>
internal unsafe partial struct AttentionWork<TElement>
{
    /// <summary>q·k for each row and each key of the vectors that one of its tile's rows sees.</summary>
    private readonly void Scores(in RowTile rows, int start, int firstVector, int endVector)
    {
        int size = Job.Layout.KeyElements;
        int group = Job.Layout.GroupTokens;
        long step = Job.Layout.KeyStep;
        bool widens = !TElement.HasPairs && TElement.Bytes < sizeof(float) && rows.Count >= WideningRows;
        float* allQueries = TElement.HasPairs ? (float*)rows.Scratch.QueryCodes : rows.Scratch.Queries;
        for (int vector = firstVector; vector < endVector;)
        {
            byte* keys = Keys(rows, start + (vector * Lanes), out int slot);
            int count = Math.Min(Math.Min(Unit / Lanes, endVector - vector), (group - (slot & (group - 1))) / Lanes);
            if (Job.Layout.HasScales) FetchScales(rows, start + (vector * Lanes), count * Lanes * sizeof(float));
            if (widens) WideKeys.Widen<TElement>(Job.Layout, keys, count, rows.Scratch.Unit);
            byte* ahead = widens ? null : AheadOfKeys(rows, start, firstVector, vector + (PiecesAhead * count), endVector);
            for (int row = 0; row < rows.Count; row += TileKernel.Rows)
            {
                int height = Math.Min(TileKernel.Rows, rows.Count - row);
                if (!Sees(rows.Scratch.Starts, rows.Scratch.Ends, row, height, vector * Lanes, (vector + count) * Lanes)) continue;
                float* target = rows.Scratch.Scores + (row * Block) + (vector * Lanes);
                float* queries = allQueries + (row * size);
                if (widens)
                    TileKernel.Run<Float32Elements, ReadsNothingAhead>(height, count, size, queries, size, (byte*)rows.Scratch.Unit, (long)count * Lanes * sizeof(float), target, Block, false, null, 0);
                else if (ahead is null)
                    TileKernel.Run<TElement, ReadsNothingAhead>(height, count, size, queries, size, keys, step, target, Block, false, null, 0);
                else
                    TileKernel.Run<TElement, ReadsAhead>(height, count, size, queries, size, keys, step, target, Block, false, ahead, step);
                ahead = null;
            }

            vector += count;
        }
    }

    /// <summary>output += weights · V, each row over its own keys in rising order.</summary>
    private readonly void AddBlock(in RowTile rows, int start, int firstVector, int endVector, int last)
    {
        int padded = Job.Layout.PaddedHeadSize;
        long tokenBytes = (long)padded * TElement.Bytes;
        bool widens = TElement.Bytes < sizeof(float) && rows.Count >= WideningRows;
        for (int vector = firstVector; vector < endVector;)
        {
            byte* values = Values(rows, start + (vector * Lanes), out int slot);
            int count = Math.Min(Math.Min(Unit / Lanes, endVector - vector), (Job.Layout.PageTokens - slot) / Lanes);
            int from = vector * Lanes, to = (vector + count) * Lanes;
            if (widens) Widen(values, rows.Scratch.Unit, count * padded);
            byte* ahead = widens ? null : AheadOfValues(rows, start, vector + (PiecesAhead * count), endVector, last);
            for (int column = 0; column < padded; column += TileKernel.Vectors * Lanes)
            {
                int vectors = Math.Min(TileKernel.Vectors, (padded - column) / Lanes);
                for (int row = 0; row < rows.Count; row += TileKernel.Rows)
                {
                    int height = Math.Min(TileKernel.Rows, rows.Count - row);
                    if (widens) AddValues<Float32Elements>(rows, row, height, from, to, (byte*)(rows.Scratch.Unit + column), (long)padded * sizeof(float), column, vectors, null);
                    else AddValues<TElement>(rows, row, height, from, to, values + (column * TElement.Bytes), tokenBytes, column, vectors, row > 0 || ahead is null ? null : ahead + (column * TElement.Bytes));
                }
            }

            vector += count;
        }
    }

    /// <summary>A few rows over the keys from … to of the block, whose values begin at an address. Where rows see different keys, each goes alone over those that not all see.</summary>
    private readonly void AddValues<TFormat>(in RowTile rows, int row, int height, int from, int to, byte* values, long tokenBytes, int column, int vectors, byte* ahead)
        where TFormat : struct, IElementFormat
    {
        int* starts = rows.Scratch.Starts + row;
        int* ends = rows.Scratch.Ends + row;
        int padded = Job.Layout.PaddedHeadSize;
        float* weights = rows.Scratch.Scores + (row * Block);
        float* output = rows.Scratch.Output + (row * padded) + column;
        int commonStart = from, commonEnd = to;
        for (int i = 0; i < height; i++) (commonStart, commonEnd) = (Math.Max(commonStart, starts[i]), Math.Min(commonEnd, ends[i]));
        if (commonStart >= commonEnd) (commonStart, commonEnd) = (to, to);
        for (int i = 0; i < height && from < commonStart; i++) Alone(i, from, commonStart);
        if (commonStart == to) return;
        byte* first = values + ((commonStart - from) * tokenBytes);
        if (ahead is null)
            TileKernel.Run<TFormat, ReadsNothingAhead>(height, vectors, commonEnd - commonStart, weights + commonStart, Block, first, tokenBytes, output, padded, true, null, 0);
        else
            TileKernel.Run<TFormat, ReadsAhead>(height, vectors, commonEnd - commonStart, weights + commonStart, Block, first, tokenBytes, output, padded, true, ahead, tokenBytes);
        for (int i = 0; i < height && commonEnd < to; i++) Alone(i, commonEnd, to);

        void Alone(int i, int start, int end)
        {
            (start, end) = (Math.Max(start, starts[i]), Math.Min(end, ends[i]));
            if (start < end)
                TileKernel.Run<TFormat, ReadsNothingAhead>(1, vectors, end - start, weights + (i * Block) + start, Block, values + ((start - from) * tokenBytes), tokenBytes, output + (i * padded), padded, true, null, 0);
        }
    }

    private static void Widen(byte* source, float* target, int vectors)
    {
        for (int i = 0; i < vectors; i++) TElement.Load(source + ((long)i * Lanes * TElement.Bytes)).Store(target + (i * Lanes));
    }
}
