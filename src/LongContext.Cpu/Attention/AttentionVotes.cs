using System.Runtime.Intrinsics;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>
/// How much the last tokens of a text look at each earlier one: their attention weights, summed over them and over the query heads that share a key head. Each sum has one order, whatever the threads.
/// </summary>
internal static unsafe class AttentionVotes
{
    /// <summary>Computes the votes of all heads.</summary>
    /// <param name="team">Who works.</param>
    /// <param name="layout">How pages lie.</param>
    /// <param name="settings">The layer, which has no window.</param>
    /// <param name="pages">Address of each page of the text.</param>
    /// <param name="count">Tokens of the text, whose keys are all there.</param>
    /// <param name="queries">[rows, heads, head size]: of the last tokens, rotated.</param>
    /// <param name="queryStride">Elements from a row of queries to the next.</param>
    /// <param name="rows">Queries.</param>
    /// <param name="memory">[key heads, 2, <see cref="Stride"/>]: votes, and working memory behind those of each head.</param>
    public static void Sum(CpuTeam team, in CacheLayout layout, in AttentionSettings settings, nint* pages, int count, float* queries, long queryStride, int rows, float* memory)
    {
        switch (layout.Format)
        {
            case CacheFormat.Float32: Run<Float32Elements>(team, layout, settings, pages, count, queries, queryStride, rows, memory); break;
            case CacheFormat.BFloat16: Run<BFloat16Elements>(team, layout, settings, pages, count, queries, queryStride, rows, memory); break;
            case CacheFormat.Float8: Run<Float8Elements>(team, layout, settings, pages, count, queries, queryStride, rows, memory); break;
            default: Run<Int8Elements>(team, layout, settings, pages, count, queries, queryStride, rows, memory); break;
        }
    }

    /// <summary>Floats from a head's votes to its working memory, for a text of some tokens.</summary>
    public static int Stride(int count) => (count + CacheLayout.LaneTokens - 1) / CacheLayout.LaneTokens * CacheLayout.LaneTokens;

    private static void Run<TElement>(CpuTeam team, in CacheLayout layout, in AttentionSettings settings, nint* pages, int count, float* queries, long queryStride, int rows, float* memory)
        where TElement : struct, IElementFormat
    {
        var work = new Work<TElement> { Layout = layout, Settings = settings, Pages = pages, Count = count, Queries = queries, QueryStride = queryStride, Rows = rows, Memory = memory };
        team.Run(ref work, layout.KeyHeads);
    }

    private struct Work<TElement> : ITileWork
        where TElement : struct, IElementFormat
    {
        private const int Lanes = CacheLayout.LaneTokens;

        public CacheLayout Layout;
        public AttentionSettings Settings;
        public nint* Pages;
        public int Count;
        public float* Queries;
        public long QueryStride;
        public int Rows;
        public float* Memory;

        public readonly void Run(int tile, int worker)
        {
            int stride = Stride(Count), group = Settings.Heads / Layout.KeyHeads, size = Layout.HeadSize;
            float* votes = Memory + (2L * stride * tile);
            float* scores = votes + stride;
            new Span<float>(votes, stride).Clear();
            for (int row = 0; row < Rows; row++)
            {
                int end = Count - Rows + row + 1;
                for (int head = 0; head < group; head++)
                {
                    float* query = Queries + (row * QueryStride) + (((tile * group) + head) * size);
                    for (int at = 0; at < end; at += Lanes) Score(query, tile, at, scores + at);
                    float largest = SoftmaxRow.Finish(scores, 0, end, null, Settings.SoftCap), sum = SoftmaxRow.Exponentials(scores, 0, end, largest, null);
                    Vector512<float> divisor = Vector512.Create(sum);
                    for (int at = 0; at < end; at += Lanes) (Vector512.Load(votes + at) + (Vector512.Load(scores + at) / divisor)).Store(votes + at);
                }
            }
        }

        /// <summary>q·k of 16 keys.</summary>
        private readonly void Score(float* query, int keyHead, int position, float* scores)
        {
            int slot = position % Layout.PageTokens;
            byte* page = (byte*)Pages[position / Layout.PageTokens] + (Settings.Layer * Layout.LayerBytes);
            byte* keys = page + Layout.KeyOffset(keyHead, slot);
            long step = (long)Layout.GroupTokens * TElement.Bytes;
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = 0; i < Layout.HeadSize; i++) sum = Vector512.FusedMultiplyAdd(Vector512.Create(query[i] * Settings.Scale), TElement.Load(keys + (i * step)), sum);
            if (Layout.HasScales) sum *= Vector512.Load((float*)(page + Layout.KeyScaleOffset(keyHead)) + slot);
            sum.Store(scores);
        }
    }
}
