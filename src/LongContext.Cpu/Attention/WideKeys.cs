using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <summary>Keys of the cache as float32, for those who cannot multiply with them as they lie there.</summary>
internal static unsafe class WideKeys
{
    /// <summary>Widens a few vectors of keys; their scales stay apart.</summary>
    /// <param name="layout">How they lie.</param>
    /// <param name="keys">The first element of the first of them.</param>
    /// <param name="vectors">Vectors of keys, of one group.</param>
    /// <param name="target">Gets [head size, 16 · vectors].</param>
    public static void Widen<TElement>(in CacheLayout layout, byte* keys, int vectors, float* target)
        where TElement : struct, IElementFormat
    {
        int size = layout.HeadSize, step = layout.KeyStep, lanes = vectors * CacheLayout.LaneTokens;
        if (TElement.HasPairs)
        {
            for (int i = 0; i < size; i += 2, keys += step, target += 2 * lanes)
            {
                for (int vector = 0; vector < vectors; vector++)
                {
                    Vector512<int> pairs = TElement.Load(keys + (vector * CacheLayout.LaneTokens * TElement.Bytes)).AsInt32();
                    Vector512.ConvertToSingle((pairs << 16) >> 16).Store(target + (vector * CacheLayout.LaneTokens));
                    if (i + 1 < size) Vector512.ConvertToSingle(pairs >> 16).Store(target + lanes + (vector * CacheLayout.LaneTokens));
                }
            }

            return;
        }

        for (int i = 0; i < size; i++, keys += step)
        {
            for (int vector = 0; vector < vectors; vector++, target += CacheLayout.LaneTokens) TElement.Load(keys + (vector * CacheLayout.LaneTokens * TElement.Bytes)).Store(target);
        }
    }
}
