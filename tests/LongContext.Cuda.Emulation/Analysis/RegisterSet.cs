using System.Numerics;

namespace LongContext.Cuda.Emulation.Analysis;

/// <summary>A set of registers by their index in the kernel.</summary>
internal sealed class RegisterSet(int count)
{
    private readonly ulong[] words = new ulong[(count + 63) / 64];

    public bool this[int i]
    {
        get => (words[i / 64] >> (i % 64) & 1) != 0;
        set
        {
            if (value)
                words[i / 64] |= 1ul << (i % 64);
            else
                words[i / 64] &= ~(1ul << (i % 64));
        }
    }

    public void Add(RegisterSet other)
    {
        for (int i = 0; i < words.Length; i++)
            words[i] |= other.words[i];
    }

    public void Keep(RegisterSet other)
    {
        for (int i = 0; i < words.Length; i++)
            words[i] &= other.words[i];
    }

    /// <summary>Adds what is in <paramref name="source"/> and not in <paramref name="without"/>; says whether that was anything new.</summary>
    public bool AddExcept(RegisterSet source, RegisterSet? without)
    {
        ulong fresh = 0;
        for (int i = 0; i < words.Length; i++)
        {
            ulong add = source.words[i] & ~(without?.words[i] ?? 0) & ~words[i];
            words[i] |= add;
            fresh |= add;
        }
        return fresh != 0;
    }

    public IEnumerable<int> Members()
    {
        for (int i = 0; i < words.Length; i++)
        {
            for (ulong bits = words[i]; bits != 0; bits &= bits - 1)
                yield return (i * 64) + BitOperations.TrailingZeroCount(bits);
        }
    }
}
