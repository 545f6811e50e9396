using System.Runtime.Intrinsics;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>
/// How much the last tokens of a text look at each earlier one: their attention weights, summed over them and over the query heads that share a key head. Each sum has one order, whatever the threads.
/// </summary>
/// <remarks>
/// Keys are gone through in blocks that stay in the cache while all queries look at them, twice: once for each query's maximum and sum, merged in order, and once for the weights. To keep all scores instead would
/// take a row of the text's length for each query, and to go query by query reads all keys again for each. Both times a head's keys are cut into parts, so that one head alone keeps all threads at work and a team that is
/// told to stop does so soon however long the text is.
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
    public static long MemoryFloats(in CacheLayout layout, int heads, int count, int rows)
    {
        long padded = Padded(rows * (heads / layout.KeyHeads));
        return (Stride(count) + (padded * layout.HeadSize) + (2 * padded * (1L + Parts(count)))) * layout.KeyHeads;
    }

    /// <summary>Floats from a head's votes to the next one's, for a text of some tokens.</summary>
    public static int Stride(int count) => (count + CacheLayout.LaneTokens - 1) / CacheLayout.LaneTokens * CacheLayout.LaneTokens;

    /// <summary>Queries that look at a vector of keys together.</summary>
    private const int Tile = 8;

    /// <summary>Keys that all queries look at before the next ones.</summary>
    private const int Block = 256;

    /// <summary>Blocks of a part.</summary>
    private const int PartBlocks = 16;

    /// <summary>Parts that a head's keys are cut into.</summary>
    private static int Parts(int count) => (int)((count + (Block * PartBlocks) - 1L) / (Block * PartBlocks));

    /// <summary>Queries, up to whole tiles.</summary>
    private static int Padded(int queries) => (queries + Tile - 1) / Tile * Tile;

    private static void Run<TElement>(CpuTeam team, in CacheLayout layout, in AttentionSettings settings, nint* pages, int count, float* queries, long queryStride, int rows, float* memory)
        where TElement : struct, IElementFormat
    {
        int number = rows * (settings.Heads / layout.KeyHeads), padded = Padded(number), parts = Parts(count);
        float* packed = memory + ((long)Stride(count) * layout.KeyHeads), totals = packed + ((long)padded * layout.HeadSize * layout.KeyHeads);
        var work = new Work<TElement>
        {
            Team = team, Layout = layout, Settings = settings, Pages = pages, Count = count, Queries = queries, QueryStride = queryStride, Rows = rows, QueryCount = number, PartCount = parts,
            Votes = memory, Packed = packed, Totals = totals, Partials = totals + (2L * padded * layout.KeyHeads),
        };
        // Of a worker: the scores of a tile and a block, and a vector of keys.
        team.ReserveScratch(((Tile * Block) + (CacheLayout.LaneTokens * layout.HeadSize)) * sizeof(float));
        Run(team, ref work, Pass.Pack, layout.KeyHeads);
        Run(team, ref work, Pass.Total, layout.KeyHeads * parts);
        Run(team, ref work, Pass.Merge, layout.KeyHeads);
        Run(team, ref work, Pass.Vote, layout.KeyHeads * parts);
    }

    private static void Run<TElement>(CpuTeam team, ref Work<TElement> work, Pass pass, int tiles)
        where TElement : struct, IElementFormat
    {
        work.Pass = pass;
        team.Run(ref work, tiles);
    }

    /// <summary>What the tiles of a run do.</summary>
    private enum Pass
    {
        /// <summary>Lay a head's queries out for the kernel.</summary>
        Pack,

        /// <summary>Find each query's maximum and sum over a part of a head's keys.</summary>
        Total,

        /// <summary>Merge those of a head's parts.</summary>
        Merge,

        /// <summary>Add up the weights of a part of a head's keys.</summary>
        Vote,
    }

    private struct Work<TElement> : ITileWork
        where TElement : struct, IElementFormat
    {
        private const int Lanes = CacheLayout.LaneTokens;

        public CpuTeam Team;
        public CacheLayout Layout;
        public AttentionSettings Settings;
        public nint* Pages;
        public int Count;
        public float* Queries;
        public long QueryStride;
        public int Rows;
        public int QueryCount;
        public int PartCount;
        public Pass Pass;

        /// <summary>[key heads, stride].</summary>
        public float* Votes;

        /// <summary>[key heads, tiles of queries, head size, 8].</summary>
        public float* Packed;

        /// <summary>Each query's maximum and sum: [key heads, 2, queries].</summary>
        public float* Totals;

        /// <summary>The same of each part: [key heads, parts, 2, queries].</summary>
        public float* Partials;

        public readonly void Run(int tile, int worker)
        {
            int padded = Padded(QueryCount), parts = Pass is Pass.Total or Pass.Vote ? PartCount : 1, head = tile / parts, part = tile % parts;
            float* packed = Packed + ((long)padded * Layout.HeadSize * head), totals = Totals + (2L * padded * head), partials = Partials + (2L * padded * PartCount * head), scores = (float*)Team.Scratch(worker);
            switch (Pass)
            {
                case Pass.Pack: Pack(packed, head, padded); break;
                case Pass.Total: Walk(head, part, packed, Clear(partials + (2L * padded * part), padded), scores, votes: null); break;
                case Pass.Merge: Merge(totals, partials, padded); break;
                default: Walk(head, part, packed, totals, scores, Votes + ((long)Stride(Count) * head)); break;
            }
        }

        private static float* Clear(float* totals, int padded)
        {
            new Span<float>(totals, padded).Fill(float.NegativeInfinity);
            new Span<float>(totals + padded, padded).Clear();
            return totals;
        }

        /// <summary>Goes through a part's keys: finds each query's maximum and sum, or, where there are votes, sets them to what all queries have for each key.</summary>
        private readonly void Walk(int keyHead, int part, float* packed, float* totals, float* scores, float* votes)
        {
            int group = Settings.Heads / Layout.KeyHeads, from = part * PartBlocks * Block, to = Math.Min(Count, from + (PartBlocks * Block));
            float* maxima = totals, sums = totals + Padded(QueryCount);
            if (votes is not null) new Span<float>(votes + from, Stride(to) - from).Clear();
            for (int start = from; start < to; start += Block)
            {
                for (int first = 0; first < QueryCount; first += Tile)
                {
                    Score(packed + ((long)first * Layout.HeadSize), keyHead, start, scores);
                    for (int query = first; query < Math.Min(first + Tile, QueryCount); query++)
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

        /// <summary>A head's maxima and sums of those of its parts, in rising order.</summary>
        private readonly void Merge(float* totals, float* partials, int padded)
        {
            Clear(totals, padded);
            for (int part = 0; part < PartCount; part++, partials += 2 * padded)
            {
                for (int query = 0; query < QueryCount; query++) Merge(ref totals[query], ref totals[padded + query], partials[query], partials[padded + query]);
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
        private readonly void Pack(float* packed, int keyHead, int padded)
        {
            int size = Layout.HeadSize, group = Settings.Heads / Layout.KeyHeads;
            for (int query = 0; query < padded; query++)
            {
                float* target = packed + ((long)(query / Tile) * Tile * size) + (query % Tile);
                if (query >= QueryCount)
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
