using System.Runtime.Intrinsics;
using LongContext.Cpu.Memory;

namespace LongContext.Cpu.Attention;

/// <content>Scores under remapped positions.</content>
internal unsafe partial struct AttentionWork<TElement>
{
    /// <summary>Makes of the first copy of the queries one for each view, rotated to the view's position.</summary>
    private readonly void RotateQueries(in RowTile rows)
    {
        int group = Job.Group, size = Job.Layout.HeadSize;
        KeyViews* views = rows.Sequence.Views;
        int half = views->RotaryHalf;
        // The first view last: it is made in place.
        for (int view = views->ViewCount - 1; view >= 0; view--)
        {
            for (int row = 0; row < rows.Count; row++)
            {
                long position = views->QueryPositions[((long)view * views->RowCount) + rows.Item.FirstQuery + (row / group)];
                float* cosines = views->Cosines + (position * half);
                float* sines = views->Sines + (position * half);
                float* source = rows.Scratch.Queries + (row * size);
                float* target = rows.Scratch.Queries + (((view * rows.Count) + row) * size);
                for (int i = 0; i < half; i++)
                {
                    float x = source[i], y = source[i + half];
                    target[i] = MathF.FusedMultiplyAdd(-y, sines[i], x * cosines[i]);
                    target[i + half] = MathF.FusedMultiplyAdd(x, sines[i], y * cosines[i]);
                }

                for (int i = 2 * half; i < size; i++) target[i] = source[i];
            }
        }
    }

    /// <summary>As <see cref="Scores"/>; each row's scores come from the view that shows it the key.</summary>
    private readonly void ViewScores(in RowTile rows, int start, int firstVector, int endVector)
    {
        int size = Job.Layout.HeadSize, group = Job.Group, keyGroup = Job.Layout.GroupTokens;
        KeyViews* views = rows.Sequence.Views;
        int written = rows.Sequence.FirstPosition + rows.Sequence.RowCount;
        for (int view = 0; view < views->ViewCount; view++)
        {
            int* starts = views->VisibleStarts + ((long)view * views->RowCount) + rows.Item.FirstQuery;
            int* ends = views->VisibleEnds + ((long)view * views->RowCount) + rows.Item.FirstQuery;
            float* queries = rows.Scratch.Queries + ((long)view * rows.Count * size);
            for (int vector = firstVector; vector < endVector;)
            {
                byte* keys = Keys(rows, start + (vector * Lanes), out int slot);
                int count = Math.Min(Math.Min(Unit / Lanes, endVector - vector), (keyGroup - (slot % keyGroup)) / Lanes);
                int from = start + (vector * Lanes), to = from + (count * Lanes);
                vector += count;
                if (!Sees(starts, ends, 0, rows.Item.QueryCount, from, to)) continue;
                WideKeys.Widen<TElement>(Job.Layout, keys, count, rows.Scratch.Unit);
                for (int i = 0; i < count; i++) RotateKeys(rows, (int*)views->KeyPositions[view], from + (i * Lanes), written, rows.Scratch.Unit + (i * Lanes), count * Lanes);
                for (int row = 0; row < rows.Count; row += TileKernel.Rows)
                {
                    TileKernel.Run<Float32Elements, ReadsNothingAhead>(Math.Min(TileKernel.Rows, rows.Count - row), count, size, queries + (row * size), size, (byte*)rows.Scratch.Unit, (long)count * Lanes * sizeof(float),
                        rows.Scratch.ViewScores + (row * Block) + (from - start), Block, false, null, 0);
                }

                for (int row = 0; row < rows.Count; row++)
                {
                    int first = Math.Max(starts[row / group], from) - start, last = Math.Min(ends[row / group], to) - start;
                    if (first < last) new Span<float>(rows.Scratch.ViewScores + (row * Block) + first, last - first).CopyTo(new Span<float>(rows.Scratch.Scores + (row * Block) + first, last - first));
                }
            }
        }
    }

    /// <summary>Rotates 16 keys [head, stride] to their positions in a view. Slots that hold nothing yet are rotated as the last that does; nobody sees them.</summary>
    private readonly void RotateKeys(in RowTile rows, int* positions, int first, int written, float* keys, int stride)
    {
        KeyViews* views = rows.Sequence.Views;
        int half = views->RotaryHalf;
        float* cosines = rows.Scratch.Rotations;
        float* sines = cosines + (half * Lanes);
        for (int lane = 0; lane < Lanes; lane++)
        {
            long position = positions[Math.Min(first + lane, written - 1)];
            for (int i = 0; i < half; i++)
            {
                cosines[(i * Lanes) + lane] = views->Cosines[(position * half) + i];
                sines[(i * Lanes) + lane] = views->Sines[(position * half) + i];
            }
        }

        for (int i = 0; i < half; i++)
        {
            Vector512<float> x = Vector512.Load(keys + (i * stride)), y = Vector512.Load(keys + ((i + half) * stride));
            Vector512<float> cosine = Vector512.Load(cosines + (i * Lanes)), sine = Vector512.Load(sines + (i * Lanes));
            Vector512.FusedMultiplyAdd(-y, sine, x * cosine).Store(keys + (i * stride));
            Vector512.FusedMultiplyAdd(x, sine, y * cosine).Store(keys + ((i + half) * stride));
        }
    }
}
