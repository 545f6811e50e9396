using System.Runtime.Intrinsics;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>
/// How much the last tokens of a text look at each earlier one: their attention weights, summed over them and over the query heads that share a key head. Each sum has one order, whatever the threads.
/// </summary>
/// <remarks>
/// Keys are gone through in blocks that stay in the cache while all queries look at them, twice: once for each query's maximum and sum, blocks merged in order, and once for the weights. To keep all scores instead would
/// take a row of the text's length for each query, and to go query by query reads all keys again for each.
/// </remarks>
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
    /// <param name="memory">Votes [key heads, <see cref="Stride"/>], and working memory behind them: <see cref="MemoryFloats"/> in all.</param>
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

    /// <summary>Floats that are needed.</summary>
    /// <param name="layout">How pages lie.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="count">Tokens of the text.</param>
    /// <param name="rows">Queries.</param>
    public static long MemoryFloats(in CacheLayout layout, int heads, int count, int rows) => (Stride(count) + WorkFloats(layout.HeadSize, rows * (heads / layout.KeyHeads))) * layout.KeyHeads;

    /// <summary>Floats from a head's votes to the next one's, for a text of some tokens.</summary>
    public static int Stride(int count) => (count + CacheLayout.LaneTokens - 1) / CacheLayout.LaneTokens * CacheLayout.LaneTokens;

    /// <summary>Queries that look at a vector of keys together.</summary>
    private const int Tile = 8;

    /// <summary>Keys that all queries look at before the next ones.</summary>
    private const int Block = 256;

    /// <summary>Of a head: queries by tiles, their maxima and sums, the scores of a tile and a block, and a vector of keys.</summary>
    private static long WorkFloats(int headSize, int queries)
    {
        long padded = (queries + Tile - 1) / Tile * Tile;
        return (padded * (headSize + 2L)) + (Tile * Block) + (CacheLayout.LaneTokens * headSize);
    }

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
            int stride = Stride(Count), group = Settings.Heads / Layout.KeyHeads, size = Layout.HeadSize, queries = Rows * group, padded = (queries + Tile - 1) / Tile * Tile;
            float* votes = Memory + ((long)stride * tile);
            float* packed = Memory + ((long)stride * Layout.KeyHeads) + (WorkFloats(size, queries) * tile);
            float* maxima = packed + ((long)padded * size), sums = maxima + padded, scores = sums + padded;
            new Span<float>(votes, stride).Clear();
            Pack(packed, tile, group, queries, padded);
            new Span<float>(maxima, padded).Fill(float.NegativeInfinity);
            new Span<float>(sums, padded).Clear();
            Walk(tile, packed, queries, maxima, sums, scores, votes: null);
            Walk(tile, packed, queries, maxima, sums, scores, votes);
        }

        /// <summary>Goes through all keys: finds each query's maximum and sum, or, where there are votes, adds what each query has for each key to them.</summary>
        private readonly void Walk(int keyHead, float* packed, int queries, float* maxima, float* sums, float* scores, float* votes)
        {
            int group = Settings.Heads / Layout.KeyHeads;
            for (int start = 0; start < Count; start += Block)
            {
                for (int first = 0; first < queries; first += Tile)
                {
                    Score(packed + ((long)first * Layout.HeadSize), keyHead, start, scores);
                    for (int query = first; query < Math.Min(first + Tile, queries); query++)
                    {
                        float* row = scores + ((query - first) * Block);
                        int seen = Seen(query / group, start);
                        if (seen <= 0) continue;
                        float largest = SoftmaxRow.Finish(row, 0, seen, null, Settings.SoftCap);
                        if (votes is null)
                        {
                            Merge(ref maxima[query], ref sums[query], largest, SoftmaxRow.Exponentials(row, 0, seen, largest, null));
                            continue;
                        }

                        SoftmaxRow.Exponentials(row, 0, seen, maxima[query], null);
                        Vector512<float> divisor = Vector512.Create(sums[query]);
                        for (int at = 0; at < seen; at += Lanes) (Vector512.Load(votes + start + at) + (Vector512.Load(row + at) / divisor)).Store(votes + start + at);
                    }
                }
            }
        }

        /// <summary>Keys of a block that a row of queries sees.</summary>
        private readonly int Seen(int row, int start) => Math.Min(Block, Count - Rows + row + 1 - start);

        private static void Merge(ref float maximum, ref float sum, float largest, float more)
        {
            float highest = MathF.Max(maximum, largest);
            sum = MathF.FusedMultiplyAdd(sum, maximum == highest ? 1 : VectorMath.Exp(maximum - highest), more * (largest == highest ? 1 : VectorMath.Exp(largest - highest)));
            maximum = highest;
        }

        /// <summary>Scaled queries of a key head as [tiles, head size, 8]; zeros behind the last.</summary>
        private readonly void Pack(float* packed, int keyHead, int group, int queries, int padded)
        {
            int size = Layout.HeadSize;
            for (int query = 0; query < padded; query++)
            {
                float* target = packed + ((long)(query / Tile) * Tile * size) + (query % Tile);
                if (query >= queries)
                {
                    for (int i = 0; i < size; i++) target[i * Tile] = 0;
                    continue;
                }

                float* source = Queries + (query / group * QueryStride) + (((keyHead * group) + (query % group)) * size);
                for (int i = 0; i < size; i++) target[i * Tile] = source[i] * Settings.Scale;
            }
        }

        /// <summary>q·k of a tile of queries and the keys of a block that there are.</summary>
        private readonly void Score(float* packed, int keyHead, int start, float* scores)
        {
            int end = Math.Min(start + Block, Count);
            float* wide = scores + (Tile * Block);
            for (int at = start; at < end; at += Lanes)
            {
                byte* page = (byte*)Pages[Layout.PageOf(at, out int slot)] + (Settings.Layer * Layout.LayerBytes);
                byte* keys = page + Layout.KeyOffset(keyHead, slot);
                Vector512<float> scales = Layout.HasScales ? Vector512.Load((float*)(page + Layout.KeyScaleOffset(keyHead)) + slot) : Vector512<float>.One;
                if (!TElement.HasPairs)
                {
                    Score<TElement>(packed, keys, Layout.KeyStep, scales, scores + (at - start));
                    continue;
                }

                WideKeys.Widen<TElement>(Layout, keys, 1, wide);
                Score<Float32Elements>(packed, (byte*)wide, Lanes * sizeof(float), scales, scores + (at - start));
            }
        }

        /// <summary>q·k of 8 queries and 16 keys.</summary>
        private readonly void Score<TKey>(float* packed, byte* keys, long step, Vector512<float> scales, float* scores)
            where TKey : struct, IElementFormat
        {
            const int stride = Block;
            Vector512<float> s0 = Vector512<float>.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            for (int i = 0; i < Layout.HeadSize; i++, keys += step, packed += Tile)
            {
                Vector512<float> key = TKey.Load(keys);
                s0 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[0]), key, s0);
                s1 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[1]), key, s1);
                s2 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[2]), key, s2);
                s3 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[3]), key, s3);
                s4 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[4]), key, s4);
                s5 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[5]), key, s5);
                s6 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[6]), key, s6);
                s7 = Vector512.FusedMultiplyAdd(Vector512.Create(packed[7]), key, s7);
            }

            (s0 * scales).Store(scores);
            (s1 * scales).Store(scores + stride);
            (s2 * scales).Store(scores + (2 * stride));
            (s3 * scales).Store(scores + (3 * stride));
            (s4 * scales).Store(scores + (4 * stride));
            (s5 * scales).Store(scores + (5 * stride));
            (s6 * scales).Store(scores + (6 * stride));
            (s7 * scales).Store(scores + (7 * stride));
        }
    }
}
