using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Attention;

/// <summary>Puts the keys and values of new tokens into their pages.</summary>
internal static unsafe class CacheWriter
{
    /// <summary>Writes the rows of all sequences at their positions.</summary>
    /// <param name="team">Who works.</param>
    /// <param name="layout">How pages lie.</param>
    /// <param name="layer">The layer's place in its group.</param>
    /// <param name="sequences">The batch; its pages must be there for all new positions.</param>
    /// <param name="keys">[rows, key heads, head size], float32.</param>
    /// <param name="keyStride">Elements from a row of keys to the next.</param>
    /// <param name="values">[rows, key heads, head size], float32.</param>
    /// <param name="valueStride">Elements from a row of values to the next.</param>
    public static void Append(CpuTeam team, in CacheLayout layout, int layer, ReadOnlySpan<AttentionSequence> sequences, float* keys, long keyStride, float* values, long valueStride)
    {
        if (sequences.IsEmpty) return;
        fixed (AttentionSequence* first = sequences)
        {
            var work = new Work { Layout = layout, LayerOffset = layer * layout.LayerBytes, Sequences = first, SequenceCount = sequences.Length, Keys = keys, KeyStride = keyStride, Values = values, ValueStride = valueStride };
            int blocks = 0;
            foreach (AttentionSequence sequence in sequences) blocks += Work.Blocks(sequence);
            team.Run(ref work, blocks);
        }
    }

    /// <summary>A tile: the rows of one sequence in one block of 16 positions, in all heads, so that no two workers write to one cache line.</summary>
    private struct Work : ITileWork
    {
        public CacheLayout Layout;
        public long LayerOffset;
        public AttentionSequence* Sequences;
        public int SequenceCount;
        public float* Keys;
        public long KeyStride;
        public float* Values;
        public long ValueStride;

        public static int Blocks(in AttentionSequence sequence) => sequence.RowCount == 0
            ? 0
            : ((sequence.FirstPosition + sequence.RowCount - 1) / CacheLayout.LaneTokens) - (sequence.FirstPosition / CacheLayout.LaneTokens) + 1;

        public void Run(int tile, int worker)
        {
            int number = 0;
            while (tile >= Blocks(Sequences[number])) tile -= Blocks(Sequences[number++]);
            AttentionSequence sequence = Sequences[number];
            int blockStart = ((sequence.FirstPosition / CacheLayout.LaneTokens) + tile) * CacheLayout.LaneTokens;
            int start = Math.Max(blockStart, sequence.FirstPosition);
            int end = Math.Min(blockStart + CacheLayout.LaneTokens, sequence.FirstPosition + sequence.RowCount);
            byte* page = (byte*)sequence.Pages[blockStart / Layout.PageTokens] + LayerOffset;
            long row = sequence.RowStart + start - sequence.FirstPosition;
            int slot = start % Layout.PageTokens;
            for (int head = 0; head < Layout.KeyHeads; head++)
            {
                WriteKeys(page, head, slot, end - start, Keys + (row * KeyStride) + (head * Layout.HeadSize));
                for (int i = 0; i < end - start; i++) WriteValue(page, head, slot + i, Values + ((row + i) * ValueStride) + (head * Layout.HeadSize));
            }
        }

        /// <summary>Rounds up to 16 keys of a head and interleaves them.</summary>
        private readonly void WriteKeys(byte* page, int head, int slot, int count, float* source)
        {
            int size = Layout.HeadSize, bytes = Layout.ElementBytes;
            byte* codes = stackalloc byte[CacheLayout.LaneTokens * CacheLayout.MaximumHeadSize * sizeof(float)];
            int elements = Layout.KeyElements, row = elements * Layout.Neighbours * bytes;
            for (int i = 0; i < count; i++)
            {
                float scale = CacheRounding.Round(Layout.Format, source + (i * KeyStride), size, codes + (i * row));
                if (elements * Layout.Neighbours > size) codes[(i * row) + size] = 0;
                if (Layout.HasScales) ((float*)(page + Layout.KeyScaleOffset(head)))[slot + i] = scale;
            }

            byte* target = page + Layout.KeyOffset(head, slot);
            switch (bytes * Layout.Neighbours)
            {
                case 4: Interleave((float*)codes, elements, count, (float*)target, Layout.GroupTokens); break;
                case 2: Interleave((ushort*)codes, elements, count, (ushort*)target, Layout.GroupTokens); break;
                default: Interleave(codes, elements, count, target, Layout.GroupTokens); break;
            }
        }

        /// <summary>[count, size] → [size, count], rows of the result a group apart.</summary>
        private static void Interleave<T>(T* source, int size, int count, T* target, int group)
            where T : unmanaged
        {
            for (int i = 0; i < size; i++, target += group)
            {
                T* from = source + i;
                for (int token = 0; token < count; token++, from += size) target[token] = *from;
            }
        }

        private readonly void WriteValue(byte* page, int head, int slot, float* source)
        {
            int padded = Layout.PaddedHeadSize;
            byte* target = page + Layout.ValueOffset(head, slot);
            byte* pieces = stackalloc byte[CacheLayout.MaximumHeadSize];
            byte* codes = Layout.Neighbours == 1 ? target : pieces;
            float scale = CacheRounding.Round(Layout.Format, source, Layout.HeadSize, codes);
            new Span<byte>(codes + (Layout.HeadSize * Layout.ElementBytes), (padded - Layout.HeadSize) * Layout.ElementBytes).Clear();
            if (codes == pieces)
            {
                for (int i = 0; i < padded; i++) target[i * Layout.Neighbours] = codes[i];
            }

            if (Layout.HasScales) ((float*)(page + Layout.ValueScaleOffset(head)))[slot] = scale;
        }
    }
}
